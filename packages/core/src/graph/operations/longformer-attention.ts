import { integer, optional, positiveInteger, symbolName } from "../attribute-parsers.ts";
import { elementCount } from "../../tensor/data-type.ts";
import type { AttributeParser } from "../attributes.ts";
import { addDimensions, sameShape } from "../dimension.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { dotProduct, multiplyTransposed } from "../reference/matrix-product.ts";
import type { GraphTensor, Value } from "../value.ts";
import { countMeaning } from "./nonzero.ts";
import { softmaxRow } from "./softmax.ts";

/** What the mask of `longformerAttention` says of a token. */
export const maskCodes = { masked: 0, local: 1, global: 2 } as const;

const float = { dataTypes: ["float32"] } as const;

/** The name of an operand of `longformerAttention`, whose `operands` say their order. */
export type AttentionOperand = "query" | "key" | "value" | "hidden" | "mask" | `${"query" | "key" | "value"}Global${"Weight" | "Bias"}`;

type AttentionInputs = [
  query: Value,
  key: Value,
  value: Value,
  hidden: Value,
  mask: Value,
  queryGlobalWeight: Value,
  queryGlobalBias: Value,
  keyGlobalWeight: Value,
  keyGlobalBias: Value,
  valueGlobalWeight: Value,
  valueGlobalBias: Value,
];

const evenWindow: AttributeParser<number> = {
  expects: "an even number above 0: the window of both sides together",
  parse: (value) => (integer.parse(value) !== undefined && Number(value) > 0 && Number(value) % 2 === 0 ? Number(value) : undefined),
};

/**
 * The attention of the Longformer (Beltagy, Peters & Cohan, arXiv 2004.05150), as transformers' LongformerSelfAttention computes it,
 * for any sequence length, in time linear in it.
 *
 * Shapes: query, key, value, hidden and the output context are `[batch, sequence, hidden]`, all heads side by side in the last axis;
 * mask is `[batch, sequence]` of `maskCodes`; the three global weights are `[hidden, hidden]`, their biases `[hidden]`. With
 * d = hidden / heads, w = window / 2 and every head on its own:
 *
 * - A local token i attends to all global tokens of its row and to the local tokens j with |i - j| <= w:
 *   `context[i] = Σ_j softmax_j(query[i] · key[j] / √d) · value[j]`. Each key counts once.
 * - A global token g attends to every token j that is not masked, through its own projections of `hidden`:
 *   `context[g] = Σ_j softmax_j(Q[g] · K[j] / √d) · V[j]`, where `Q = hidden · queryGlobalWeightᵀ + queryGlobalBias` and so on.
 * - A masked token attends to nothing and nothing attends to it: its context is 0.
 *
 * query, key and value are given, since each token needs them; the global projections are weights, since a runtime may compute
 * `Q` for the global tokens alone and need not form `K` and `V`.
 *
 * With the attribute `globals`, the name of a dimension x (how many global tokens the fullest row has), two more outputs give the
 * probabilities in the layout of transformers' `attentions` and `global_attentions`:
 *
 * - attentions `[batch, heads, sequence, x + window + 1]`: of local tokens, to the global tokens in ascending order, then to the
 *   tokens i - w … i + w, where global and masked ones have 0. Rows of masked and global tokens are 0.
 * - globalAttentions `[batch, heads, sequence, x]`: of the global tokens (last axis) to every token (third). Where a row has fewer
 *   than x global tokens, 0 (transformers leaves a constant there, and the padding it adds itself on the third axis).
 */
export const longformerAttention: Operation<
  AttentionInputs,
  { readonly heads: number; readonly window: number; readonly globals?: string }
> = /*#__PURE__*/ defineOperation({
  name: "longformerAttention",
  formula:
    "context = softmax over window and global tokens of (query · keyᵀ / √(hidden / heads)) · value; of global tokens, over all tokens through the global projections",
  operands: {
    query: float,
    key: float,
    value: float,
    hidden: float,
    mask: { dataTypes: ["int32"] },
    queryGlobalWeight: float,
    queryGlobalBias: float,
    keyGlobalWeight: float,
    keyGlobalBias: float,
    valueGlobalWeight: float,
    valueGlobalBias: float,
  },
  attributes: { heads: positiveInteger, window: evenWindow, globals: /*#__PURE__*/ optional(symbolName) },
  rules: [
    {
      says: "query has three axes: batch, sequence, hidden; hidden is a number",
      holds: ({ query }) => query.shape.length === 3 && typeof query.shape[2] === "number",
    },
    {
      says: "key, value and hidden have the shape of query",
      holds: ({ query, key, value, hidden }) => [key, value, hidden].every((other) => sameShape(other.shape, query.shape)),
    },
    { says: "mask has the batch and sequence of query", holds: ({ query, mask }) => sameShape(mask.shape, query.shape.slice(0, 2)) },
    { says: "heads divide the hidden size", holds: ({ query }, { heads }) => Number(query.shape[2]) % heads === 0 },
    {
      says: "each global weight is [hidden, hidden]",
      holds: ({ query, queryGlobalWeight, keyGlobalWeight, valueGlobalWeight }) =>
        [queryGlobalWeight, keyGlobalWeight, valueGlobalWeight].every((weight) =>
          sameShape(weight.shape, [...query.shape.slice(2), ...query.shape.slice(2)]),
        ),
    },
    {
      says: "each global bias is [hidden]",
      holds: ({ query, queryGlobalBias, keyGlobalBias, valueGlobalBias }) =>
        [queryGlobalBias, keyGlobalBias, valueGlobalBias].every((bias) => sameShape(bias.shape, query.shape.slice(2))),
    },
  ],
  outputTypes({ query }, { heads, window, globals }) {
    const context = { dataType: "float32", shape: query.shape } as const;
    if (globals === undefined) return [context];
    const [batch = 0, sequence = 0] = query.shape;
    return [
      context,
      { dataType: "float32", shape: [batch, heads, sequence, addDimensions(globals, window + 1)] },
      { dataType: "float32", shape: [batch, heads, sequence, globals] },
    ];
  },
  introduces: ({ mask }, { globals }) =>
    globals === undefined ? [] : [{ symbol: globals, meaning: countMeaning(mask, maskCodes.global, 0) }],
  evaluate(inputs, { heads, window, globals }) {
    const [batch = 0, sequence = 0, hidden = 0] = inputs.query.shape;
    const rows = Array.from({ length: batch }, (_, row) => tokensOf(inputs.mask.data.subarray(row * sequence, (row + 1) * sequence)));
    const maxGlobals = Math.max(...rows.map((row) => row.globals.length));
    const sizes: Sizes = { sequence, hidden, heads, headSize: hidden / heads, oneSided: window / 2, maxGlobals };
    const context: GraphTensor = { dataType: "float32", shape: inputs.query.shape, data: new Float32Array(inputs.query.data.length) };
    const attentions = zeroProbabilities([batch, heads, sequence, maxGlobals + window + 1]);
    const globalAttentions = zeroProbabilities([batch, heads, sequence, maxGlobals]);
    const wanted = globals !== undefined;
    for (const [row, tokens] of rows.entries()) {
      attendLocally(inputs, { row, ...tokens }, sizes, { context: context.data, probabilities: wanted ? attentions.data : undefined });
      if (tokens.globals.length === 0) continue;
      const probabilities = wanted ? globalAttentions.data : undefined;
      attendGlobally(inputs, { row, ...tokens }, sizes, { context: context.data, probabilities });
    }
    return wanted ? [context, attentions, globalAttentions] : [context];

    function zeroProbabilities(shape: readonly number[]): Extract<GraphTensor, { dataType: "float32" }> {
      return {
        dataType: "float32",
        shape,
        data: new Float32Array(globals === undefined ? 0 : elementCount(shape)),
      };
    }
  },
});

interface Sizes {
  readonly sequence: number;
  readonly hidden: number;
  readonly heads: number;
  readonly headSize: number;
  readonly oneSided: number;
  readonly maxGlobals: number;
}

/** Where results go. */
interface Results {
  readonly context: Float32Array;
  readonly probabilities: Float32Array | undefined;
}

/** The positions of a row's tokens by kind, ascending. */
interface Tokens {
  readonly codes: Int32Array;
  readonly locals: readonly number[];
  readonly globals: readonly number[];
}

type Matrix = { readonly data: Float32Array };

function tokensOf(codes: Int32Array): Tokens {
  const of = (code: number): number[] => Array.from(codes.keys()).filter((position) => codes[position] === code);
  return { codes, locals: of(maskCodes.local), globals: of(maskCodes.global) };
}

function attendLocally(
  { query, key, value }: Readonly<Record<"query" | "key" | "value", Matrix>>,
  { row, codes, locals, globals }: Tokens & { readonly row: number },
  { sequence, hidden, heads, headSize, oneSided, maxGlobals }: Sizes,
  { context, probabilities: attentions }: Results,
): void {
  const start = row * sequence * hidden;
  const columns = maxGlobals + 2 * oneSided + 1;
  const keys = new Int32Array(globals.length + 2 * oneSided + 1);
  keys.set(globals);
  for (const token of locals) {
    let count = globals.length;
    for (let other = Math.max(0, token - oneSided); other <= Math.min(sequence - 1, token + oneSided); other++) {
      if (codes[other] === maskCodes.local) keys[count++] = other;
    }
    for (let head = 0; head < heads; head++) {
      const lane = start + head * headSize;
      const probabilities = attend(
        { query: query.data, queryOffset: lane + token * hidden, headSize },
        { key: key.data, value: value.data, lane, hidden, positions: keys.subarray(0, count) },
        context.subarray(lane + token * hidden),
      );
      if (attentions === undefined) continue;
      const at = ((row * heads + head) * sequence + token) * columns;
      for (const [index, probability] of probabilities.entries()) {
        const column = index < globals.length ? index : maxGlobals + (keys[index] as number) - token + oneSided;
        attentions[at + column] = probability;
      }
    }
  }
}

function attendGlobally(
  inputs: Readonly<Record<"hidden" | `${"query" | "key" | "value"}Global${"Weight" | "Bias"}`, Matrix>>,
  { row, codes, globals }: Tokens & { readonly row: number },
  { sequence, hidden, heads, headSize, maxGlobals }: Sizes,
  { context, probabilities: globalAttentions }: Results,
): void {
  const start = row * sequence * hidden;
  const project = (weight: Matrix, bias: Matrix, leftOffset: number, rows: number): Float32Array => {
    const out = new Float32Array(rows * hidden);
    multiplyTransposed(inputs.hidden.data, weight.data, out, { rows, columns: hidden, inner: hidden, leftOffset }, bias.data);
    return out;
  };
  const key = project(inputs.keyGlobalWeight, inputs.keyGlobalBias, start, sequence);
  const value = project(inputs.valueGlobalWeight, inputs.valueGlobalBias, start, sequence);
  const keys = Int32Array.from(codes.keys()).filter((position) => codes[position] !== maskCodes.masked);
  for (const [place, token] of globals.entries()) {
    const query = project(inputs.queryGlobalWeight, inputs.queryGlobalBias, start + token * hidden, 1);
    for (let head = 0; head < heads; head++) {
      const lane = head * headSize;
      const probabilities = attend(
        { query, queryOffset: lane, headSize },
        { key, value, lane, hidden, positions: keys },
        context.subarray(start + token * hidden + lane),
      );
      if (globalAttentions === undefined) continue;
      for (const [index, probability] of probabilities.entries()) {
        globalAttentions[((row * heads + head) * sequence + (keys[index] as number)) * maxGlobals + place] = probability;
      }
    }
  }
}

/** One head of one token. */
interface HeadQuery {
  readonly query: Float32Array;
  readonly queryOffset: number;
  readonly headSize: number;
}

/** What it attends to: the key and value vectors of position j start at `lane + j · hidden`. */
interface HeadKeys {
  readonly key: Float32Array;
  readonly value: Float32Array;
  readonly lane: number;
  readonly hidden: number;
  readonly positions: Int32Array;
}

/** The probabilities of the keys; the context they give is written at the start of `context`. */
function attend(
  { query, queryOffset, headSize }: HeadQuery,
  { key, value, lane, hidden, positions: keys }: HeadKeys,
  context: Float32Array,
): Float64Array {
  const probabilities = new Float64Array(keys.length);
  const scale = 1 / Math.sqrt(headSize);
  for (let index = 0; index < keys.length; index++) {
    probabilities[index] = scale * dotProduct(query, queryOffset, key, lane + (keys[index] as number) * hidden, headSize);
  }
  softmaxRow(probabilities, probabilities);
  const sums = new Float64Array(headSize);
  for (let index = 0; index < keys.length; index++) {
    const probability = probabilities[index] as number;
    const at = lane + (keys[index] as number) * hidden;
    for (let element = 0; element < headSize; element++)
      sums[element] = (sums[element] as number) + probability * (value[at + element] as number);
  }
  context.set(sums);
  return probabilities;
}
