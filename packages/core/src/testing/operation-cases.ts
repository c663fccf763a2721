import { activationFunctions } from "../graph/operations/activation.ts";
import * as operations from "../graph/operations/index.ts";
import type { Attributes } from "../graph/attributes.ts";
import type { Shape } from "../graph/dimension.ts";
import type { Operation } from "../graph/operation.ts";
import type { GraphDataType } from "../graph/value.ts";
import type { CaseInput, OperationCase } from "./operation-case.ts";
import type { Tolerance } from "./tensor-difference.ts";

const tolerances = {
  exact: { absolute: 0, relative: 0 },
  /** A few roundings. */
  rounding: { absolute: 1e-6, relative: 2e-6 },
  /** Sums of some dozens to hundreds of products of numbers around 1. */
  sums: { absolute: 1e-5, relative: 1e-5 },
} as const satisfies Record<string, Tolerance>;

const normal = (shape: Shape, values: { scale?: number; mean?: number } = {}): CaseInput => ({
  dataType: "float32",
  shape,
  values: { kind: "normal", ...values },
});
const weight = (shape: Shape, values: { scale?: number; mean?: number } = {}): CaseInput => ({ ...normal(shape, values), parameter: true });
const listed = (shape: Shape, values: readonly number[], dataType: GraphDataType = "float32"): CaseInput => ({
  dataType,
  shape,
  values: { kind: "list", values },
});
const integers = (shape: Shape, minimum: number, below: number): CaseInput => ({
  dataType: "int32",
  shape,
  values: { kind: "integers", minimum, below },
});
const flags = (shape: Shape): CaseInput => ({ dataType: "bool", shape, values: { kind: "integers", minimum: 0, below: 2 } });

interface CaseDetails {
  readonly attributes?: Attributes;
  readonly dimensions?: Readonly<Record<string, number>>;
  readonly tolerance?: Tolerance;
}

function define(
  operation: Operation,
  name: string,
  inputs: readonly CaseInput[],
  { attributes = {}, dimensions = {}, tolerance = tolerances.exact }: CaseDetails = {},
): OperationCase {
  return { name, operation, inputs, attributes, dimensions: { batch: 2, sequence: 7, ...dimensions }, tolerance };
}

const sums = { tolerance: tolerances.sums };
const rounding = { tolerance: tolerances.rounding };
const hidden: Shape = ["batch", "sequence", 12];

const linearCases: readonly OperationCase[] = [
  define(operations.linear, "weights as parameters", [normal(hidden), weight([20, 12]), weight([20])], sums),
  define(operations.linear, "without bias", [normal(hidden), weight([5, 12])], sums),
  define(operations.linear, "one row, one column", [normal([1, 12]), weight([1, 12]), weight([1])], sums),
  define(operations.linear, "odd sizes, two axes", [normal(["batch", 13]), weight([7, 13]), weight([7])], {
    ...sums,
    dimensions: { batch: 5 },
  }),
  define(operations.linear, "sizes past any tile", [normal(hidden.with(2, 96)), weight([130, 96], { scale: 0.1 }), weight([130])], {
    ...sums,
    dimensions: { sequence: 67 },
  }),
  define(operations.linear, "a computed weight", [normal(hidden), normal([6, 12]), normal([6])], sums),
];

const matMulCases: readonly OperationCase[] = [
  define(operations.matMul, "two matrices", [normal(["sequence", 9]), normal([9, 5])], sums),
  define(operations.matMul, "stacks of one shape", [normal(["batch", 3, "sequence", 4]), normal(["batch", 3, 4, "sequence"])], sums),
  define(operations.matMul, "a stack and one matrix", [normal(["batch", 3, "sequence", 8]), normal([8, 2])], sums),
  define(operations.matMul, "stacks that stretch", [normal(["batch", 1, 5, 8]), normal([3, 8, 6])], sums),
  define(operations.matMul, "sums of one product", [normal(["batch", 4, 1]), normal(["batch", 1, 4])], sums),
  define(
    operations.matMul,
    "sizes past any tile",
    [normal(["batch", 70, 33], { scale: 0.3 }), normal(["batch", 33, 67], { scale: 0.3 })],
    sums,
  ),
];

const arithmeticCases: readonly OperationCase[] = [operations.add, operations.subtract, operations.multiply].flatMap((operation) => [
  define(operation, "one shape", [normal(hidden), normal(hidden)], rounding),
  define(operation, "a row for all", [normal(hidden), normal([12])], rounding),
  define(operation, "both stretch", [normal(["batch", 1, 12]), normal(["sequence", 1])], rounding),
  define(operation, "a single number", [normal(hidden), listed([], [0.75])], rounding),
  define(operation, "integers", [integers(["batch", "sequence"], -50, 50), integers(["batch", 1], -50, 50)]),
]);

const divisionCases: readonly OperationCase[] = [
  define(operations.divide, "one shape", [normal(hidden), normal(hidden, { mean: 5, scale: 0.5 })], rounding),
  define(operations.divide, "by a column", [normal(hidden), listed(["batch", 1, 1], [3, -7])], rounding),
  define(operations.divide, "integers", [listed([6], [7, -7, 7, -7, 0, 1], "int32"), listed([6], [2, 2, -2, -2, 5, -1], "int32")]),
  define(operations.divide, "integers by 0, and the smallest by -1", [
    listed([4], [5, 0, -5, -2147483648], "int32"),
    listed([4], [0, 0, 0, -1], "int32"),
  ]),
];

const activationCases: readonly OperationCase[] = activationFunctions.flatMap((name) => [
  define(operations.activation, `${name} of ordinary numbers`, [normal(hidden, { scale: 2 })], {
    attributes: { function: name },
    tolerance: tolerances.rounding,
  }),
  define(
    operations.activation,
    `${name} far out`,
    [listed([16], [-1e4, -100, -20, -9, -5, -3.0001, -1e-3, -1e-20, 0, 1e-20, 1e-3, 2.9999, 5, 9, 100, 1e4])],
    {
      attributes: { function: name },
      tolerance: tolerances.rounding,
    },
  ),
]);

const rowCases: readonly OperationCase[] = [
  define(operations.softmax, "ordinary scores", [normal(hidden)], rounding),
  define(operations.softmax, "large scores", [normal(hidden, { scale: 1e3 })], rounding),
  define(operations.softmax, "rows of one", [normal(["batch", "sequence", 1])], rounding),
  define(operations.softmax, "long rows", [normal(["batch", 3, 513], { scale: 3 })], rounding),
  define(
    operations.softmax,
    "masked with the lowest number",
    [listed(["batch", 6], [1, -3.4028234663852886e38, 2, -3.4028234663852886e38, 0.5, -1])],
    rounding,
  ),
  define(operations.softmax, "a row masked whole", [listed(["batch", 5], [-3.4028234663852886e38])], rounding),
  define(operations.layerNormalization, "ordinary numbers", [normal(hidden), weight([12], { mean: 1 }), weight([12])], {
    attributes: { epsilon: 1e-5 },
    tolerance: tolerances.sums,
  }),
  define(operations.layerNormalization, "far from zero", [normal(hidden, { mean: 100 }), weight([12], { mean: 1 }), weight([12])], {
    attributes: { epsilon: 1e-5 },
    // Float32 keeps 100 ± 1 to 4e-6, which the division by the deviation leaves as it is.
    tolerance: { absolute: 1e-4, relative: 1e-4 },
  }),
  define(
    operations.layerNormalization,
    "a wide epsilon, long rows",
    [normal(hidden.with(2, 300), { scale: 0.01 }), weight([300]), weight([300])],
    {
      attributes: { epsilon: 0.1 },
      tolerance: tolerances.sums,
    },
  ),
  define(operations.reduceSum, "the last axis", [normal(hidden)], { attributes: { axis: 2 }, tolerance: tolerances.sums }),
  define(operations.reduceSum, "the middle axis", [normal(hidden)], { attributes: { axis: 1 }, tolerance: tolerances.sums }),
  define(operations.reduceSum, "integers", [integers(["batch", "sequence"], -9, 10)], { attributes: { axis: 0 } }),
];

const movementCases: readonly OperationCase[] = [
  define(operations.constant, "numbers", [], { attributes: { dataType: "float32", shape: [2, 3], values: [1, -2.5, 3, 0, 1e-20, 6] } }),
  define(operations.constant, "an integer", [], { attributes: { dataType: "int32", shape: [], values: [-7] } }),
  define(operations.bandMask, "a window's band", [], { attributes: { rows: 4, columns: 12, lower: 0, upper: 8 } }),
  define(operations.bandMask, "a band that leaves the matrix", [], { attributes: { rows: 5, columns: 3, lower: -2, upper: 1 } }),
  define(operations.embedding, "a table as a parameter", [integers(["batch", "sequence"], 0, 9), weight([9, 12])]),
  define(operations.embedding, "one row", [listed(["batch"], [0], "int32"), weight([1, 5])]),
  define(operations.reshape, "splits and joins", [normal(hidden)], { attributes: { shape: ["batch", "sequence", 3, 4] } }),
  define(operations.reshape, "joins symbols", [integers(["batch", "sequence"], 0, 9)], { attributes: { shape: ["batch*sequence"] } }),
  define(operations.transpose, "the last two axes", [normal(hidden)], { attributes: { permutation: [0, 2, 1] } }),
  define(operations.transpose, "heads outwards", [normal(["batch", "sequence", 3, 4])], { attributes: { permutation: [0, 2, 1, 3] } }),
  define(operations.transpose, "five axes", [normal(["batch", 2, 3, 4, "sequence"])], { attributes: { permutation: [4, 2, 0, 3, 1] } }),
  define(operations.slice, "numbers", [normal(hidden)], { attributes: { axis: 2, start: 3, end: 11 } }),
  define(operations.slice, "up to a symbol", [normal(["sequence", "sequence+3", 4])], {
    attributes: { axis: 1, start: 2, end: "sequence" },
  }),
  define(operations.slice, "the first of one axis", [integers(["batch", "sequence"], 0, 9)], { attributes: { axis: 0, start: 0, end: 1 } }),
  define(operations.concatenate, "the last axis", [normal(hidden), normal(["batch", "sequence", 5]), normal(hidden)], {
    attributes: { axis: 2 },
  }),
  define(operations.concatenate, "the first axis, integers", [integers(["batch", 4], 0, 9), integers(["sequence", 4], 0, 9)], {
    attributes: { axis: 0 },
  }),
  define(operations.concatenate, "one value", [normal(hidden)], { attributes: { axis: 1 } }),
  define(operations.pad, "both sides", [normal(hidden)], { attributes: { axis: 1, before: 2, after: 3, value: 0 } }),
  define(operations.pad, "to a multiple", [normal(hidden)], {
    attributes: { axis: 1, before: 0, after: "4*ceil(sequence/4)-sequence", value: -1.5 },
  }),
  define(operations.pad, "integers", [integers(["batch", "sequence"], 0, 9)], {
    attributes: { axis: 1, before: 1, after: 0, value: 7 },
  }),
  define(operations.cast, "flags to numbers", [flags(["batch", "sequence"])], { attributes: { dataType: "float32" } }),
  define(operations.cast, "integers to numbers", [integers(["batch", "sequence"], -9, 10)], { attributes: { dataType: "float32" } }),
  define(operations.cast, "numbers to integers", [listed([6], [-2.7, -0.5, 0, 0.5, 2.7, 1e6])], { attributes: { dataType: "int32" } }),
  define(operations.cast, "integers to flags", [integers(["batch", "sequence"], -1, 2)], { attributes: { dataType: "bool" } }),
  define(operations.equal, "with a number", [integers(["batch", "sequence"], 0, 3), listed([], [1], "int32")]),
  define(operations.equal, "both stretch", [integers(["batch", 1], 0, 3), integers(["sequence"], 0, 3)]),
  define(operations.select, "one shape", [flags(hidden), normal(hidden), normal(hidden)]),
  define(operations.select, "all stretch", [flags(["batch", 1, 1]), normal(["sequence", 1]), normal([12])]),
  define(operations.select, "integers", [flags(["batch", "sequence"]), integers(["batch", "sequence"], 0, 9), listed([], [-1], "int32")]),
];

const indexCases: readonly OperationCase[] = [
  define(
    operations.nonzero,
    "rows with different counts",
    [listed(["batch", "sequence"], [0, 2, 1, 2, 2, 0, 1, 1, 1, 2, 0, 0, 1, 0], "int32")],
    {
      attributes: { equals: 2, dimension: "slots", minimum: 0 },
    },
  ),
  define(operations.nonzero, "none, and at least one slot", [integers(["batch", "sequence"], 0, 2)], {
    attributes: { equals: 2, dimension: "slots", minimum: 1 },
  }),
  define(operations.nonzero, "every element", [listed(["batch", "sequence"], [2], "int32")], {
    attributes: { equals: 2, dimension: "slots", minimum: 1 },
  }),
  define(operations.gatherRows, "of matrices", [normal(hidden), integers(["batch", 5], 0, 7)]),
  define(operations.gatherRows, "of integers", [integers(["batch", "sequence"], 0, 99), integers(["batch", 3], 0, 7)]),
  define(operations.gatherRows, "deeper", [normal(["batch", "sequence", 3, 4]), integers(["batch", 2], 0, 7)]),
  define(operations.scatterRows, "into matrices", [
    normal(hidden),
    listed(["batch", 3], [6, 0, 3, 1, 2, 5], "int32"),
    normal(["batch", 3, 12]),
  ]),
  define(operations.scatterRows, "into integers", [
    integers(["batch", "sequence"], 0, 99),
    listed(["batch", 2], [6, 0, 3, 1], "int32"),
    integers(["batch", 2], 0, 99),
  ]),
];

/** `longformerAttention` with a mask written out, and everything else seeded. */
function attention(
  name: string,
  mask: readonly number[],
  details: { heads?: number; width?: number; window?: number; batch?: number; scale?: number; globals?: boolean } = {},
): OperationCase {
  const { heads = 2, width = 8, window = 4, batch = 1, scale = 1, globals = false } = details;
  const x = normal(["batch", "sequence", width], { scale });
  const projection = [weight([width, width], { scale: 0.4 }), weight([width])];
  return define(
    operations.longformerAttention,
    name,
    [x, x, x, x, listed(["batch", "sequence"], mask, "int32"), ...projection, ...projection, ...projection],
    {
      attributes: { heads, window, ...(globals ? { globals: "globals" } : {}) },
      dimensions: { batch, sequence: mask.length / batch },
      tolerance: scale > 1 ? { absolute: 1e-3, relative: 1e-3 } : tolerances.sums,
    },
  );
}

const run = (length: number, code: number): readonly number[] => Array.from({ length }, () => code);

const attentionMasks: readonly (readonly [name: string, mask: readonly number[], details?: Parameters<typeof attention>[2]])[] = [
  ["local only", run(11, 1)],
  ["one token", [1]],
  ["one global token", [2]],
  ["one masked token", [0]],
  ["a window's length", run(4, 1)],
  ["shorter than the window", run(3, 1), { window: 16 }],
  ["one past two windows", run(9, 1)],
  ["the narrowest window", [...run(3, 1), 2, ...run(5, 1)], { window: 2 }],
  ["globals in front", [...run(3, 2), ...run(10, 1)]],
  ["globals far apart", [2, ...run(5, 1), 2, ...run(4, 1), 2]],
  ["globals within a window", [1, 1, 2, 1, 2, 1, 1, 1]],
  ["all global", run(7, 2)],
  ["padding behind", [2, ...run(7, 1), ...run(4, 0)]],
  ["padding in front", [...run(4, 0), 2, ...run(7, 1)]],
  ["holes", [1, 0, 1, 0, 0, 0, 0, 0, 1, 2, 0, 1]],
  ["all masked", run(6, 0)],
  ["rows with different globals", [2, 1, 1, 2, 1, 1, 2, ...run(7, 1), 1, 2, 1, 1, 0, 0, 0], { batch: 3 }],
  ["one row all masked", [...run(6, 0), 2, 1, 1, 1, 1, 0], { batch: 2 }],
  ["one head", [2, ...run(8, 1)], { heads: 1 }],
  ["as many heads as elements", [2, ...run(8, 1)], { heads: 8 }],
  ["wider heads, odd length", [1, 2, ...run(35, 1)], { width: 48, heads: 3, window: 8 }],
  ["a long row", [2, 2, ...run(120, 1), ...run(9, 0)], { window: 32, width: 16 }],
  ["large scores", [2, ...run(9, 1), 2, 1], { scale: 12 }],
];

const attentionCases: readonly OperationCase[] = attentionMasks.flatMap(([name, mask, details]) => [
  attention(name, mask, details),
  attention(`${name}, with probabilities`, mask, { ...details, globals: true }),
]);

/** Every operation on small seeded values. Exact where nothing is computed. */
export const operationCases: readonly OperationCase[] = [
  ...linearCases,
  ...matMulCases,
  ...arithmeticCases,
  ...divisionCases,
  ...activationCases,
  ...rowCases,
  ...movementCases,
  ...indexCases,
  ...attentionCases,
];
