import { LongspanError } from "../errors/longspan-error.ts";
import { bindSymbols, evaluateDimension, formatShape } from "../graph/dimension.ts";
import type { Graph, GraphInput, GraphNode } from "../graph/graph.ts";
import { place, readFloats, readIntegers } from "../graph/raw-tensor.ts";
import { formatType, type GraphTensor } from "../graph/value.ts";
import { shownValue } from "../text/shown-value.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { SessionInputs } from "./runtime.ts";

/** Inputs that fit the graph. */
export interface CheckedInputs {
  /** Every input of the graph, in its data type. */
  readonly tensors: ReadonlyMap<string, GraphTensor>;
  /** The numbers of the inputs' symbols. */
  readonly dimensions: Map<string, number>;
}

/** Elements of a run that is over, by the names of its inputs: what the next one of the same size is copied to. New memory costs more than a copy. */
export type InputMemory = Map<string, GraphTensor["data"]>;

/**
 * Makes the check that every runtime does at its door, so that nothing unchecked reaches a kernel: names, data types (integers of any
 * width become int32), shapes, ranges, and ids against the embedding tables they go to. What it gives is the run's own: callers may write over what
 * they gave as soon as it returns. It lies in `memory`, whose elements are overwritten.
 * @throws (the check) LongspanError `inputs-invalid`, `id-out-of-range`.
 */
export function createInputCheck(graph: Graph): (inputs: SessionInputs, memory?: InputMemory) => CheckedInputs {
  const tables = embeddingTables(graph);
  const expected = graph.inputs.map((input): ExpectedInput => ({
    input,
    axes: input.shape.map(String),
    tables: tables.get(input.name) ?? [],
  }));
  const names = graph.inputs.map((input) => input.name);
  return (inputs, memory = new Map()) => {
    if (typeof inputs !== "object" || inputs === null)
      throw invalid(
        names[0] ?? "",
        `Graph "${graph.name}" takes its inputs by name, and was given ${shownValue(inputs)}; they are ${names.join(", ")}.`,
      );
    const unknown = Object.keys(inputs).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw invalid(unknown, `Graph "${graph.name}" has no input "${unknown}"; its inputs are ${names.join(", ")}.`);
    const dimensions = new Map<string, number>();
    const tensors = new Map<string, GraphTensor>();
    for (const { input, axes, tables: own } of expected) {
      const given = Object.hasOwn(inputs, input.name) ? inputs[input.name] : undefined;
      if (given === undefined)
        throw invalid(
          input.name,
          `The input ${input.name} (${formatType(input)}) is missing; graph "${graph.name}" takes ${names.join(", ")}.`,
        );
      const tensor = ownTensor(input.name, readInput(input, axes, given), given, memory);
      bindSymbols(input.shape, tensor.shape, dimensions);
      checkRange(input, tensor);
      for (const table of own) checkIds(input, tensor, table);
      tensors.set(input.name, tensor);
    }
    for (const input of graph.inputs) checkShape(input, tensors.get(input.name)?.shape ?? [], dimensions);
    return { tensors, dimensions };
  };
}

/** An input and what is known of it before there is a run. */
interface ExpectedInput {
  readonly input: GraphInput;
  /** Its axes in words. */
  readonly axes: readonly string[];
  /** What its elements are looked up in. */
  readonly tables: readonly EmbeddingTable[];
}

function readInput(input: GraphInput, axes: readonly string[], given: Tensor): GraphTensor {
  if (input.dataType === "int32") return readIntegers(input.name, given, axes);
  if (input.dataType === "float32") return readFloats(input.name, given, axes);
  const { shape, data } = readIntegers(input.name, given, axes);
  const odd = data.findIndex((value) => value !== 0 && value !== 1);
  if (odd !== -1) throw invalid(input.name, `${input.name} holds ${data[odd]} at ${place(odd, shape)}; a bool is 0 or 1.`);
  return { dataType: "bool", shape, data: Uint8Array.from(data) };
}

/** A copy where it still is the caller's memory, before anything is checked of it. */
function ownTensor(name: string, tensor: GraphTensor, given: Tensor, memory: InputMemory): GraphTensor {
  if (tensor.data !== given.data) return tensor;
  const kept = memory.get(name);
  const data = kept?.length === tensor.data.length ? kept : tensor.data.slice();
  if (data === kept) data.set(tensor.data);
  else memory.set(name, data);
  return { ...tensor, data } as GraphTensor;
}

function checkShape(input: GraphInput, found: readonly number[], dimensions: ReadonlyMap<string, number>): void {
  if (input.shape.every((size, axis) => evaluateDimension(size, dimensions) === found[axis])) return;
  const expected = input.shape.map((size) => evaluateDimension(size, dimensions));
  throw invalid(
    input.name,
    `${input.name} has shape ${formatShape(found)}; expected ${formatShape(expected)}, which is ${formatShape(input.shape)} as the other inputs have it.`,
  );
}

function checkRange({ name, range }: GraphInput, { data, shape }: GraphTensor): void {
  if (range === undefined) return;
  const odd = firstOutside(data, range.minimum, range.maximum);
  if (odd === -1) return;
  throw invalid(
    name,
    `${name} holds ${data[odd]} at ${place(odd, shape)}; it takes ${range.minimum} to ${range.maximum}: ${range.meaning}.`,
  );
}

/** Where the first value stands that is below or above; -1 when none is. It looks at all inputs of every run: a loop is several times as fast as `findIndex`. */
function firstOutside(data: GraphTensor["data"], minimum: number, maximum: number): number {
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number;
    if (value < minimum || value > maximum) return index;
  }
  return -1;
}

interface EmbeddingTable {
  readonly name: string;
  readonly rows: number;
}

function checkIds({ name }: GraphInput, { data, shape }: GraphTensor, table: EmbeddingTable): void {
  const odd = firstOutside(data, 0, table.rows - 1);
  if (odd === -1) return;
  throw new LongspanError(
    "id-out-of-range",
    `${name} holds ${data[odd]} at ${place(odd, shape)}, but ${table.name} has ${table.rows} rows: ids go from 0 to ${table.rows - 1}. Check that tokenizer and model belong together, and that the sequence is not longer than the model allows.`,
    { details: { input: name, id: data[odd], rows: table.rows, table: table.name } },
  );
}

/** Operations that move elements without changing them: ids behind these are still the input's. */
const movements: ReadonlySet<string> = new Set(["reshape", "transpose", "slice"]);

/** The tables that each input's elements are looked up in. */
function embeddingTables(graph: Graph): ReadonlyMap<string, readonly EmbeddingTable[]> {
  const makers = new Map<string, GraphNode>(graph.nodes.flatMap((node) => node.outputs.map((output) => [output.name, node] as const)));
  const rows = new Map(graph.parameters.map((parameter) => [parameter.name, parameter.shape[0] ?? 0]));
  const tables = new Map<string, EmbeddingTable[]>();
  for (const { operation, inputs } of graph.nodes) {
    const [ids = "", table = ""] = inputs;
    const size = rows.get(table);
    if (operation !== "embedding" || size === undefined) continue;
    let source = ids;
    for (let maker = makers.get(source); maker !== undefined && movements.has(maker.operation); maker = makers.get(source))
      source = maker.inputs[0] ?? "";
    tables.set(source, [...(tables.get(source) ?? []), { name: table, rows: size }]);
  }
  return tables;
}

function invalid(input: string, message: string): LongspanError {
  return new LongspanError("inputs-invalid", message, { details: { input } });
}
