import type { Attributes } from "../graph/attributes.ts";
import { evaluateShape, type Shape } from "../graph/dimension.ts";
import type { Graph } from "../graph/graph.ts";
import { buildGraph } from "../graph/graph-builder.ts";
import type { Operation } from "../graph/operation.ts";
import type { GraphDataType, GraphTensor } from "../graph/value.ts";
import { memoryWeights } from "../runtime/memory-weights.ts";
import type { Weights } from "../runtime/runtime.ts";
import { seededIntegers, seededNormal } from "./seeded-tensor.ts";
import type { Tolerance } from "./tensor-difference.ts";

/** Where the values of a case's input come from. */
export type CaseValues =
  | { readonly kind: "normal"; readonly scale?: number; readonly mean?: number }
  | { readonly kind: "integers"; readonly minimum: number; readonly below: number }
  /** Repeated over the shape. */
  | { readonly kind: "list"; readonly values: readonly number[] };

/** An operand of an operation's case. The shape may hold symbols: see `OperationCase.dimensions`. */
export interface CaseInput {
  /** Of its elements. */
  readonly dataType: GraphDataType;
  /** In elements; symbols stand for the case's `dimensions`. */
  readonly shape: Shape;
  /** What it is filled with, the same each time. */
  readonly values: CaseValues;
  /** Bound as a weight instead of given as an input. */
  readonly parameter?: boolean;
}

/** One operation on seeded values. The truth is the operation's own meaning in TypeScript. */
export interface OperationCase {
  /** What is special about it. */
  readonly name: string;
  /** What is run. */
  readonly operation: Operation;
  /** In the order of its operands. */
  readonly inputs: readonly CaseInput[];
  /** Of the node. */
  readonly attributes: Attributes;
  /** The numbers of the symbols in shapes. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** How far from the reference an output may be. */
  readonly tolerance: Tolerance;
}

/** A case as a runtime takes it. */
export interface RunnableCase {
  /** The operation alone. */
  readonly graph: Graph;
  /** Those inputs that are bound as parameters. */
  readonly weights: Weights;
  /** The others, as tensors. */
  readonly inputs: Readonly<Record<string, GraphTensor>>;
}

/** A graph of the one operation; inputs are `input_0`, … and outputs `output_0`, … */
export function operationCaseGraph({ name, operation, inputs, attributes, dimensions }: OperationCase): RunnableCase {
  const given: Record<string, GraphTensor> = {};
  const weights: Record<string, GraphTensor> = {};
  const graph = buildGraph(`${operation.name}: ${name}`, (builder) => {
    const values = inputs.map((input, index) => {
      const valueName = `input_${index}`;
      const shape = evaluateShape(input.shape, new Map(Object.entries(dimensions)));
      (input.parameter === true ? weights : given)[valueName] = seededValues(input, index + 1, shape);
      return input.parameter === true ? builder.parameter(valueName, shape) : builder.input(valueName, input.dataType, input.shape);
    });
    for (const [index, output] of builder.node(operation, values, attributes).entries()) builder.output(`output_${index}`, output);
  });
  return { graph, weights: memoryWeights(weights), inputs: given };
}

function seededValues({ dataType, values }: CaseInput, seed: number, shape: readonly number[]): GraphTensor {
  const numbers = drawn(values, seed, shape);
  if (dataType === "float32") return { dataType, shape, data: Float32Array.from(numbers.data) };
  if (dataType === "int32") return { dataType, shape, data: Int32Array.from(numbers.data) };
  return { dataType, shape, data: Uint8Array.from(numbers.data) };
}

function drawn(values: CaseValues, seed: number, shape: readonly number[]): GraphTensor {
  if (values.kind === "normal") return seededNormal(seed, shape, values);
  if (values.kind === "integers") return seededIntegers(seed, shape, values.minimum, values.below);
  const { data } = seededNormal(seed, shape);
  return { dataType: "float32", shape, data: data.map((_, index) => values.values[index % values.values.length] ?? 0) };
}
