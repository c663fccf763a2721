import type { Derivation } from "../adapter/derivation.ts";
import type { EnvelopeContents, EnvelopeTensor } from "../adapter/envelope.ts";
import { castTensor } from "../tensor/cast-tensor.ts";
import { computedTensor } from "../tensor/computed-tensor.ts";
import { elementCount, isFloatingPoint, type DataType } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { readFloats } from "../tensor/read-floats.ts";
import {
  hasName,
  isReadable,
  partsByName,
  unreadablePart,
  withEnding,
  withMadeParameters,
  type MadeParameter,
  type Part,
} from "./made-parameter.ts";

/**
 * Parameters under weight norm, kept as a length `g` and a direction `v`: the parameter is g · v / ‖v‖ (Salimans and Kingma, 2016).
 *
 * - `weight_g` and `weight_v` of `torch.nn.utils.weight_norm`, and `parametrizations.weight.original0` and `original1` of
 *   `torch.nn.utils.parametrizations.weight_norm`: g has v's number of dimensions, with 1 where the norm goes over, or none at all.
 * - `weight_g` and `weight_v` of `paddle.nn.utils.weight_norm`: g is a list along one of v's dimensions; a norm below 1e-12 counts as that
 *   (paddle/nn/utils/weight_norm_hook.py, `_weight_norm`), where torch divides by zero.
 *
 * All of it in float64, rounded once to the parameter's type: for types of at most 32 bits the value nearest to the exact one, but for
 * near-ties (a float64 keeps a few of its last places' error). What a framework itself computes in the parameter's type is rounded up to
 * four times and can differ from that by a few units in the last place.
 */
export function weightNormDerivation(): Derivation {
  return { name: "weight-norm", derive: (contents) => derive(contents) };
}

/** The endings of length and direction, and of the parameter they make. */
const spellings: readonly {
  readonly length: RegExp;
  readonly direction: (length: string) => string;
  readonly parameter: (length: string) => string;
}[] = [
  { length: /_g$/, direction: () => "_v", parameter: () => "" },
  {
    length: /(?<=^|\.)parametrizations\.[^.]+\.original0$/,
    direction: (length) => length.replace(/0$/, "1"),
    parameter: (length) => length.split(".")[1] ?? "",
  },
];

function derive(contents: EnvelopeContents): EnvelopeContents | undefined {
  if (!hasName(contents, /(?:_g|\.original0)$/)) return undefined;
  const parts = partsByName(contents);
  const others = otherParametrizations(parts);
  const parameters: MadeParameter[] = [];
  for (const [name, length] of parts) {
    for (const spelling of spellings) {
      const ending = spelling.length.exec(name)?.[0];
      if (ending === undefined) continue;
      const direction = parts.get(name.slice(0, -ending.length) + spelling.direction(ending));
      const names = withEnding(length, ending, spelling.parameter(ending));
      if (direction === undefined || parts.has(names.name) || others.has(name.slice(0, -1))) continue;
      const made = makeParameter(names.sourceName, length, direction);
      if (made !== undefined) parameters.push({ ...names, parts: [length, direction], made });
    }
  }
  return withMadeParameters(contents, parameters, (list) => `${list}: kept under weight norm, and computed as g · v / ‖v‖.`);
}

/** Weight norm has two tensors and nothing else; more belongs to another parametrization, or to one around it. By what stands before the 0. */
function otherParametrizations(parts: ReadonlyMap<string, Part>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of parts.keys()) {
    const [, stem] = /^((?:.*\.)?parametrizations\.[^.]+\.)(?:\d|original(?:[2-9]|\d\d))/s.exec(name) ?? [];
    if (stem !== undefined) found.add(`${stem}original`);
  }
  return found;
}

function makeParameter(name: string, length: Part, direction: Part): MadeParameter["made"] | undefined {
  if (!isReadable(length) || !isReadable(direction)) return unreadablePart([length, direction]);
  const g = length.tensor;
  const v = direction.tensor;
  if (!isFloatingPoint(g.dataType) || !isFloatingPoint(v.dataType)) return undefined;
  const axes = lengthAxes(g.shape, v.shape);
  if (axes === undefined) return undefined;
  if (axes === "unclear") {
    return {
      reason: `it is kept under weight norm as a list of ${g.shape.join()} lengths and a square matrix, which does not show whether they belong to its rows or its columns: call remove_weight_norm(layer) before saving.`,
    };
  }
  return normalized(name, length, direction, axes);
}

/** How many elements of `g` lie between neighbours along each of v's axes; undefined when they are not length and direction. */
function lengthAxes(g: readonly number[], v: readonly number[]): readonly number[] | "unclear" | undefined {
  if (v.length === 0) return undefined;
  if (elementCount(g) === 1) return v.map(() => 0);
  if (g.length === v.length) {
    if (!g.every((size, axis) => size === 1 || size === v[axis])) return undefined;
    let stride = elementCount(g);
    return g.map((size) => {
      stride /= size;
      return size === 1 ? 0 : stride;
    });
  }
  if (g.length !== 1) return undefined;
  const fitting = v.flatMap((size, axis) => (size === g[0] ? [axis] : []));
  if (fitting.length === 0) return undefined;
  return fitting.length > 1 ? "unclear" : v.map((_, axis) => (axis === fitting[0] ? 1 : 0));
}

/** Elements read at a time while norms are summed. */
const pieceElements = 2 ** 18;

function normalized(name: string, length: EnvelopeTensor, direction: EnvelopeTensor, axes: readonly number[]): LazyTensor {
  const g = length.tensor;
  const v = direction.tensor;
  const shortest = g.shape.length < v.shape.length && g.shape.length === 1 ? 1e-12 : 0;
  const lengths = elementCount(g.shape);
  const lengthOf = lengthIndex(v.shape, axes);
  let factors: Promise<Float64Array> | undefined;

  /** g / ‖v‖, once: one pass over v. */
  async function readFactors(signal: AbortSignal | undefined): Promise<Float64Array> {
    const squares = new Float64Array(lengths);
    const total = elementCount(v.shape);
    for (let start = 0; start < total; start += pieceElements) {
      const values = await readFloats(v, { start, count: Math.min(pieceElements, total - start), signal });
      for (let index = 0; index < values.length; index++) {
        const at = lengthOf(start + index);
        squares[at] = (squares[at] as number) + (values[index] as number) ** 2;
      }
    }
    const given = await readFloats(g, { start: 0, count: lengths, signal });
    return given.map((value, index) => value / Math.max(Math.sqrt(squares[index] as number), shortest));
  }

  const product = computedTensor({
    name,
    dataType: "float64",
    shape: v.shape,
    inputs: [g, v],
    async compute(range) {
      factors ??= readFactors(range.signal).catch((error: unknown) => {
        // Another reading may go better: this one was interrupted, or the network was.
        factors = undefined;
        throw error;
      });
      const [known, values] = await Promise.all([factors, readFloats(v, range)]);
      for (let index = 0; index < values.length; index++) {
        values[index] = (values[index] as number) * (known[lengthOf(range.start + index)] as number);
      }
      return values;
    },
  });
  return castTensor(product, commonType(g.dataType, v.dataType));
}

/** Which length an element of v has, by its place in C order. */
function lengthIndex(shape: readonly number[], axes: readonly number[]): (element: number) => number {
  return (element) => {
    let rest = element;
    let index = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] as number;
      index += (rest % size) * (axes[axis] as number);
      rest = Math.floor(rest / size);
    }
    return index;
  };
}

/** The type of a product of two tensors, as torch's promotion has it. */
function commonType(one: DataType, other: DataType): DataType {
  if (one === other) return one;
  return one === "float64" || other === "float64" ? "float64" : "float32";
}
