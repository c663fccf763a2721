import {
  addDimensions,
  dimensionSymbols,
  divideDimensionUp,
  multiplyDimensions,
  subtractDimensions,
  type Dimension,
  type Shape,
} from "../dimension.ts";
import { graphValues, type Graph } from "../graph.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { scalar } from "../layers.ts";
import { add } from "../operations/add.ts";
import { band } from "../operations/band.ts";
import { concatenate } from "../operations/concatenate.ts";
import { equal } from "../operations/equal.ts";
import { findIndices } from "../operations/find-indices.ts";
import { gatherRows } from "../operations/gather-rows.ts";
import { linear } from "../operations/linear.ts";
import { longformerAttention, maskCodes } from "../operations/longformer-attention.ts";
import { matMul } from "../operations/mat-mul.ts";
import { multiply } from "../operations/multiply.ts";
import { pad } from "../operations/pad.ts";
import { reshape } from "../operations/reshape.ts";
import { scatterRows } from "../operations/scatter-rows.ts";
import { select } from "../operations/select.ts";
import { slice } from "../operations/slice.ts";
import { softmax } from "../operations/softmax.ts";
import { transpose } from "../operations/transpose.ts";
import type { Value } from "../value.ts";
import type { Pass } from "./pass.ts";
import { anyValue, nodeOf } from "./pattern.ts";
import { rewritePass } from "./rewrite.ts";

export interface LowerLongformerAttentionOptions {
  /**
   * How global tokens meet the global key and value projections. Both give the same numbers but for rounding.
   * `reassociated` (default): `q · (W_k x_j + b_k)` is `(W_kᵀ q) · x_j` plus a constant that softmax ignores, and the probabilities sum to
   * one, so that `Σ p_j (W_v x_j + b_v) = W_v Σ p_j x_j + b_v`: the projections of all tokens are never formed. Cheaper up to about as
   * many global tokens as a head has elements. `direct`: the projections of all tokens are formed, as they are written.
   */
  readonly globalProjections?: "reassociated" | "direct";
}

/** Stands for minus infinity where it is added to scores: the lowest float32, so that a row without any key gives no NaN. */
const lowest = -3.4028234663852886e38;

const operandNames: readonly string[] = longformerAttention.operands.map((operand) => operand.name);

/**
 * `longformerAttention` in basic operations, for runtimes that lack it: window by window, so linear in the sequence length, with the
 * same result but for rounding, for any length and any number of global tokens. Queries are taken in blocks of w = window / 2; a block
 * sees its own keys and the w before and behind it, a window of 3w. All global tokens of a row come as more columns beside the window's,
 * and the rows of global tokens are computed apart and written over.
 */
export function lowerLongformerAttention(options: LowerLongformerAttentionOptions = {}): Pass {
  return rewritePass("lower-longformer-attention", (graph) => {
    const nameOfPlaces = placeNames(graph);
    return [
      {
        pattern: nodeOf(longformerAttention.name, operandNames.map(anyValue)),
        rewrite(builder, { root, values }) {
          const { heads, window, globals } = root.attributes;
          const [query, key, value, hidden, mask, ...projections] = operandNames.map((name) => values.get(name));
          if (query === undefined || key === undefined || value === undefined || hidden === undefined || mask === undefined)
            return undefined;
          const wantsProbabilities = typeof globals === "string";
          const places = wantsProbabilities ? globals : nameOfPlaces(mask.name);
          const lowering = new Lowering(builder, hidden, mask, Number(heads), Number(window) / 2, places, wantsProbabilities ? 0 : 1);
          const local = lowering.localRows(query, key, value);
          const global = lowering.globalRows(
            projections.flatMap((projection) => projection ?? []),
            options.globalProjections ?? "reassociated",
          );
          const context = lowering.merge(local.context, global.context);
          return wantsProbabilities
            ? [
                context,
                lowering.attentions(local.windowProbabilities, local.globalProbabilities),
                lowering.globalAttentions(global.probabilities),
              ]
            : [context];
        },
      },
    ];
  });
}

/** A name for the number of global tokens' places, one for each mask, that the graph does not use yet. */
function placeNames(graph: Graph): (mask: string) => string {
  const taken = new Set([...graphValues(graph).values()].flatMap((value) => value.shape.flatMap(dimensionSymbols)));
  const names = new Map<string, string>();
  return (mask) => {
    let name = names.get(mask);
    for (let count = 1; name === undefined; count++) {
      const candidate = count === 1 ? "global_places" : `global_places_${count}`;
      if (!taken.has(candidate)) name = candidate;
    }
    taken.add(name);
    names.set(mask, name);
    return name;
  };
}

class Lowering {
  readonly #builder: GraphBuilder;
  readonly #hidden: Value;
  readonly #batch: Dimension;
  readonly #sequence: Dimension;
  readonly #width: number;
  readonly #heads: number;
  readonly #headSize: number;
  /** One side of the window, and the size of a block of queries. */
  readonly #side: number;
  readonly #blocks: Dimension;
  /** Queries with the padding that fills the last block. */
  readonly #rows: Dimension;
  readonly #places: string;
  readonly #mask: Value;
  readonly #masked: Value;
  readonly #indices: Value;
  readonly #found: Value;

  constructor(builder: GraphBuilder, hidden: Value, mask: Value, heads: number, side: number, places: string, leastPlaces: 0 | 1) {
    const [batch = 0, sequence = 0, width = 0] = hidden.shape;
    this.#builder = builder;
    this.#hidden = hidden;
    this.#batch = batch;
    this.#sequence = sequence;
    this.#width = Number(width);
    this.#heads = heads;
    this.#headSize = this.#width / heads;
    this.#side = side;
    this.#blocks = divideDimensionUp(sequence, side);
    this.#rows = multiplyDimensions(this.#blocks, side);
    this.#places = places;
    this.#mask = mask;
    this.#masked = builder.apply(equal, [mask, scalar(builder, maskCodes.masked, "int32")]);
    const [indices, found] = builder.node(findIndices, [mask], { equals: maskCodes.global, dimension: places, minimum: leastPlaces });
    if (indices === undefined || found === undefined) throw new TypeError("findIndices has two outputs");
    this.#indices = indices;
    this.#found = found;
  }

  /** The context of all rows as if they were local, `[batch, sequence, hidden]`, 0 where masked; and the probabilities. */
  localRows(query: Value, key: Value, value: Value): { context: Value; windowProbabilities: Value; globalProbabilities: Value } {
    const [batch, heads, blocks, side, headSize, places] = [
      this.#batch,
      this.#heads,
      this.#blocks,
      this.#side,
      this.#headSize,
      this.#places,
    ];
    const queries = this.#scaled(
      this.#permuted(this.#reshaped(this.#padded(query, 0, 0), [batch, this.#rows, heads, headSize]), [0, 2, 1, 3]),
    );
    const queryBlocks = this.#reshaped(queries, [batch, heads, blocks, side, headSize]);
    const keyWindows = this.#windows(this.#permuted(this.#neighbours(key), [0, 3, 1, 4, 2]), 2, 4);
    const valueWindows = this.#windows(this.#permuted(this.#neighbours(value), [0, 3, 1, 2, 4]), 2, 3);
    const windowScores = this.#plus(this.#product(queryBlocks, keyWindows), this.#windowBias());

    const globalKeys = this.#permuted(this.#headsOf(this.#gathered(key)), [0, 2, 3, 1]);
    const globalValues = this.#permuted(this.#headsOf(this.#gathered(value)), [0, 2, 1, 3]);
    const foundBias = this.#reshaped(this.#bias(this.#found, 0, lowest), [batch, 1, 1, places]);
    const globalScores = this.#reshaped(this.#plus(this.#product(queries, globalKeys), foundBias), [batch, heads, blocks, side, places]);

    const probabilities = this.#builder.apply(softmax, [this.#builder.apply(concatenate, [windowScores, globalScores], { axis: 4 })]);
    const windowProbabilities = this.#cut(probabilities, 4, 0, 3 * side);
    const globalProbabilities = this.#reshaped(this.#cut(probabilities, 4, 3 * side, addDimensions(3 * side, places)), [
      batch,
      heads,
      this.#rows,
      places,
    ]);
    const fromWindow = this.#reshaped(this.#product(windowProbabilities, valueWindows), [batch, heads, this.#rows, headSize]);
    const context = this.#plus(fromWindow, this.#product(globalProbabilities, globalValues));
    const joined = this.#reshaped(this.#permuted(context, [0, 2, 1, 3]), [batch, this.#rows, this.#width]);
    const masked = this.#reshaped(this.#masked, [batch, this.#sequence, 1]);
    return {
      context: this.#chosen(masked, scalar(this.#builder, 0), this.#cut(joined, 1, 0, this.#sequence)),
      windowProbabilities,
      globalProbabilities,
    };
  }

  /** The context of the global tokens, `[batch, places, hidden]`, and their probabilities `[batch, heads * places, sequence]`. */
  globalRows(projections: readonly Value[], how: "reassociated" | "direct"): { context: Value; probabilities: Value } {
    const [queryWeight, queryBias, keyWeight, keyBias, valueWeight, valueBias] = projections;
    if (
      queryWeight === undefined ||
      queryBias === undefined ||
      keyWeight === undefined ||
      keyBias === undefined ||
      valueWeight === undefined ||
      valueBias === undefined
    ) {
      throw new TypeError("longformerAttention has six global projections");
    }
    const [batch, heads, headSize, places, width, sequence] = [
      this.#batch,
      this.#heads,
      this.#headSize,
      this.#places,
      this.#width,
      this.#sequence,
    ];
    const project = (x: Value, weight: Value, bias: Value): Value => this.#headsOf(this.#builder.apply(linear, [x, weight, bias]));
    const queries = this.#scaled(this.#permuted(project(this.#gathered(this.#hidden), queryWeight, queryBias), [0, 2, 1, 3]));
    const keyBiases = this.#reshaped(this.#bias(this.#masked, lowest, 0), [batch, 1, sequence]);
    const allPlaces = multiplyDimensions(heads, places);
    const attend = (scores: Value): Value =>
      this.#builder.apply(softmax, [this.#plus(this.#reshaped(scores, [batch, allPlaces, sequence]), keyBiases)]);
    const joined = (context: Value): Value => this.#reshaped(this.#permuted(context, [0, 2, 1, 3]), [batch, places, width]);

    if (how === "direct") {
      const keys = this.#permuted(project(this.#hidden, keyWeight, keyBias), [0, 2, 3, 1]);
      const values = this.#permuted(project(this.#hidden, valueWeight, valueBias), [0, 2, 1, 3]);
      const probabilities = attend(this.#product(queries, keys));
      return { context: joined(this.#product(this.#reshaped(probabilities, [batch, heads, places, sequence]), values)), probabilities };
    }
    const throughKeys = this.#reshaped(this.#product(queries, this.#reshaped(keyWeight, [heads, headSize, width])), [
      batch,
      allPlaces,
      width,
    ]);
    const probabilities = attend(this.#product(throughKeys, this.#permuted(this.#hidden, [0, 2, 1])));
    const mixed = this.#reshaped(this.#product(probabilities, this.#hidden), [batch, heads, places, width]);
    const throughValues = this.#product(mixed, this.#permuted(this.#reshaped(valueWeight, [heads, headSize, width]), [0, 2, 1]));
    return { context: joined(this.#plus(throughValues, this.#reshaped(valueBias, [heads, 1, headSize]))), probabilities };
  }

  /** The local rows with the global ones written over them; places without a token write back what stands there. */
  merge(local: Value, global: Value): Value {
    const found = this.#reshaped(this.#found, [this.#batch, this.#places, 1]);
    const updates = this.#chosen(found, global, this.#gathered(local));
    return this.#builder.apply(scatterRows, [local, this.#indices, updates]);
  }

  /** The first probabilities output of `longformerAttention`: `[batch, heads, sequence, places + window + 1]`. */
  attentions(windowProbabilities: Value, globalProbabilities: Value): Value {
    const [batch, heads, blocks, side] = [this.#batch, this.#heads, this.#blocks, this.#side];
    // Row i of a block has its band in columns i … i + 2w. Rows made one element longer, in the same memory, start one column further
    // each: the bands then stand below each other.
    const flat = this.#reshaped(windowProbabilities, [batch, heads, blocks, side * 3 * side]);
    const longer = this.#builder.apply(pad, [flat], { axis: 3, before: 0, after: side, value: 0 });
    const skewed = this.#reshaped(longer, [batch, heads, blocks, side, 3 * side + 1]);
    const bands = this.#reshaped(this.#cut(skewed, 4, 0, 2 * side + 1), [batch, heads, this.#rows, 2 * side + 1]);
    const all = this.#cut(this.#builder.apply(concatenate, [globalProbabilities, bands], { axis: 3 }), 2, 0, this.#sequence);
    const isLocal = this.#reshaped(this.#isLocal(this.#mask), [batch, 1, this.#sequence, 1]);
    return this.#chosen(isLocal, all, scalar(this.#builder, 0));
  }

  /** The second: `[batch, heads, sequence, places]`. */
  globalAttentions(probabilities: Value): Value {
    const byHead = this.#reshaped(probabilities, [this.#batch, this.#heads, this.#places, this.#sequence]);
    const found = this.#reshaped(this.#found, [this.#batch, 1, 1, this.#places]);
    return this.#chosen(found, this.#permuted(byHead, [0, 1, 3, 2]), scalar(this.#builder, 0));
  }

  /** What is added to the scores of windows: 0 where the key is a local token within reach, `[batch, 1, blocks, w, 3w]`. */
  #windowBias(): Value {
    const [batch, blocks, side] = [this.#batch, this.#blocks, this.#side];
    const codes = this.#reshaped(this.#padded(this.#mask, side, side), [batch, addDimensions(blocks, 2), side]);
    const isLocal = this.#reshaped(this.#isLocal(this.#windows(codes, 1, 2)), [batch, blocks, 1, 3 * side]);
    const withinReach = this.#builder.apply(band, [], { rows: side, columns: 3 * side, lower: 0, upper: 2 * side });
    const bias = this.#chosen(withinReach, this.#bias(isLocal, 0, lowest), scalar(this.#builder, lowest));
    return this.#reshaped(bias, [batch, 1, blocks, side, 3 * side]);
  }

  /** `[batch, blocks + 2, w, heads, headSize]`: with a block of padding before and behind. */
  #neighbours(x: Value): Value {
    return this.#reshaped(this.#padded(x, this.#side, this.#side), [
      this.#batch,
      addDimensions(this.#blocks, 2),
      this.#side,
      this.#heads,
      this.#headSize,
    ]);
  }

  /** Each block and its two neighbours side by side: of blocks + 2 blocks, blocks windows. */
  #windows(x: Value, blockAxis: number, withinAxis: number): Value {
    const shifted = [0, 1, 2].map((shift) => this.#cut(x, blockAxis, shift, addDimensions(this.#blocks, shift)));
    return this.#builder.apply(concatenate, shifted, { axis: withinAxis });
  }

  /** Fills the last block with zeros, and adds `before` and `behind` rows of them. */
  #padded(x: Value, before: number, behind: number): Value {
    const after = addDimensions(subtractDimensions(this.#rows, this.#sequence), behind);
    return this.#builder.apply(pad, [x], { axis: 1, before, after, value: 0 });
  }

  #isLocal(codes: Value): Value {
    return this.#builder.apply(equal, [codes, scalar(this.#builder, maskCodes.local, "int32")]);
  }

  #headsOf(x: Value): Value {
    return this.#reshaped(x, [...x.shape.slice(0, 2), this.#heads, this.#headSize]);
  }

  #scaled(x: Value): Value {
    return this.#builder.apply(multiply, [x, scalar(this.#builder, 1 / Math.sqrt(this.#headSize))]);
  }

  #bias(condition: Value, yes: number, no: number): Value {
    return this.#chosen(condition, scalar(this.#builder, yes), scalar(this.#builder, no));
  }

  #gathered(x: Value): Value {
    return this.#builder.apply(gatherRows, [x, this.#indices]);
  }

  #chosen(condition: Value, yes: Value, no: Value): Value {
    return this.#builder.apply(select, [condition, yes, no]);
  }

  #product(left: Value, right: Value): Value {
    return this.#builder.apply(matMul, [left, right]);
  }

  #plus(left: Value, right: Value): Value {
    return this.#builder.apply(add, [left, right]);
  }

  #reshaped(x: Value, shape: Shape): Value {
    return this.#builder.apply(reshape, [x], { shape });
  }

  #permuted(x: Value, permutation: readonly number[]): Value {
    return this.#builder.apply(transpose, [x], { permutation });
  }

  #cut(x: Value, axis: number, start: Dimension, end: Dimension): Value {
    return this.#builder.apply(slice, [x], { axis, start, end });
  }
}
