import type { MatrixShape } from "../kernel/device-facts.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { matrixPrimitives, type MadeMatrixUnits, type MatrixOrder } from "../kernels/matrix/index.ts";
import { knownMatrixShapes } from "./matrix-units.ts";
import { runOperation } from "./run-operation.ts";
import type { TestDevice } from "./test-device.ts";

/** A product of single matrices, by which each primitive is tried alone. */
export interface MatrixProduct {
  readonly shape: MatrixShape;
  readonly leftOrder: MatrixOrder;
  readonly rightOrder: MatrixOrder;
  /** What workgroup memory is an array of: `f16`, `vec4<u32>`, or blocks of such vectors, one a subgroup. */
  readonly memory: "halves" | "words" | "blocks";
}

/** Who computes a product, and how many invocations have a matrix. */
export type MatrixUnitsForm = Pick<MadeMatrixUnits, "make" | "lanes">;

/** Every shape, order and memory; blocks in the order of linear layers. */
export function matrixProducts(shapes: readonly MatrixShape[] = knownMatrixShapes): readonly MatrixProduct[] {
  const orders = ["rows", "columns"] as const;
  return shapes.flatMap((shape) =>
    orders.flatMap((leftOrder) =>
      orders.flatMap((rightOrder) => {
        const isLinear = leftOrder === "rows" && rightOrder === "columns";
        const memories = isLinear ? (["halves", "words", "blocks"] as const) : (["halves", "words"] as const);
        return memories.map((memory) => ({ shape, leftOrder, rightOrder, memory }));
      }),
    ),
  );
}

export function matrixProductName({ shape, leftOrder, rightOrder, memory }: MatrixProduct): string {
  return `${shape.rows} x ${shape.columns} x ${shape.inner}, left by ${leftOrder}, right by ${rightOrder}, staged as ${memory}`;
}

/** Between rows, more than a row has: devices want them to start at multiples of 16 bytes. */
const gap = 8;

function sizesOf({ shape: { rows, columns, inner }, leftOrder, rightOrder }: MatrixProduct) {
  const leftStride = (leftOrder === "rows" ? inner : rows) + gap;
  const rightStride = (rightOrder === "rows" ? columns : inner) + gap;
  const leftSize = (leftOrder === "rows" ? rows : inner) * leftStride;
  const rightSize = (rightOrder === "rows" ? inner : columns) * rightStride;
  return { leftStride, rightStride, leftSize, rightSize, sums: rows * columns };
}

/**
 * Two subgroups, each with a left matrix of its own, both with the same right one, all staged: `start + left · right`, the sums loaded from
 * memory, then `0 + left · right`; out is `[2, 2, rows, columns]`, the subgroups inside.
 */
export function matrixProductCode(product: MatrixProduct, units: MatrixUnitsForm): string {
  const { lanes } = units;
  const { shape, leftOrder, rightOrder, memory } = product;
  const { leftStride, rightStride, leftSize, rightSize, sums } = sizesOf(product);
  const blocks = memory === "blocks";
  const words = memory !== "halves";
  const wordsOf = [...(words ? ["left_tile", "right_tile"] : []), ...(blocks ? ["sums"] : [])];
  const matrices = matrixPrimitives(units, shape, wordsOf);
  const tile = (size: number, count: number): string => {
    if (blocks) return `array<array<vec4<u32>, ${size / 8}>, ${count}>`;
    return words ? `array<vec4<u32>, ${(count * size) / 8}>` : `array<f16, ${count * size}>`;
  };
  const source = words ? "array<vec4<u32>>" : "array<f16>";
  const unit = words ? 8 : 1;
  const at = (size: number): string => (blocks ? `[at / ${size / unit}u][at % ${size / unit}u]` : "[at]");
  const sumAt = blocks ? `sums[at / ${sums}u][at % ${sums}u / 4u][at % 4u]` : "sums[at]";
  /** A memory and the place in it of a subgroup's part. */
  const part = (name: string, size: number): readonly [memory: string, at: string] =>
    blocks ? [`${name}[subgroup]`, "0u"] : [name, `subgroup * ${size}u`];
  return `${matrices.directives}
struct Uniforms { unused: vec4<u32> }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> left: ${source};
@group(0) @binding(2) var<storage, read> right: ${source};
@group(0) @binding(3) var<storage, read> start: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
var<workgroup> left_tile: ${tile(leftSize, 2)};
var<workgroup> right_tile: ${tile(rightSize, 1)};
var<workgroup> sums: ${blocks ? `array<array<vec4<f32>, ${sums / 4}>, 2>` : `array<f32, ${2 * sums}>`};
${matrices.declarations([
  { name: "left_tile", element: "f16", ...(blocks ? { block: leftSize } : {}) },
  { name: "right_tile", element: "f16", ...(blocks ? { block: rightSize } : {}) },
  { name: "sums", element: "f32", ...(blocks ? { block: sums } : {}) },
  { name: "out", element: "f32" },
])}
@compute @workgroup_size(${2 * lanes})
fn main(@builtin(local_invocation_index) lane: u32) {
  ${matrices.enter("lane")}
  let subgroup = lane / ${lanes}u;
  for (var at = lane; at < ${(2 * leftSize) / unit}u; at += ${2 * lanes}u) { left_tile${at(leftSize)} = left[at]; }
  for (var at = lane; at < ${rightSize / unit}u; at += ${2 * lanes}u) { right_tile${at(rightSize)} = right[at]; }
  for (var at = lane; at < ${2 * sums}u; at += ${2 * lanes}u) { ${sumAt} = start[at]; }
  workgroupBarrier();
  let left_matrix = ${matrices.loadLeft(...part("left_tile", leftSize), `${leftStride}u`, leftOrder)};
  let right_matrix = ${matrices.loadRight(blocks ? "right_tile[0u]" : "right_tile", "0u", `${rightStride}u`, rightOrder)};
  var sum = ${matrices.loadSum(...part("sums", sums), `${shape.columns}u`)};
  sum = ${matrices.multiplyAdd("left_matrix", "right_matrix", "sum")};
  var other = ${matrices.zero};
  other = ${matrices.multiplyAdd("left_matrix", "right_matrix", "other")};
  ${
    blocks
      ? `${matrices.store(...part("sums", sums), `${shape.columns}u`, "sum")}
  workgroupBarrier();
  for (var at = lane; at < ${2 * sums}u; at += ${2 * lanes}u) { out[at] = ${sumAt}; }`
      : matrices.store("out", `subgroup * ${sums}u`, `${shape.columns}u`, "sum")
  }
  ${matrices.store("out", `(2u + subgroup) * ${sums}u`, `${shape.columns}u`, "other")}
}`;
}

/** What a device makes of it, on its own matrix units or in plain WGSL: as long as what is expected. */
export async function runMatrixProduct(gpu: TestDevice, product: MatrixProduct, units: MatrixUnitsForm): Promise<readonly number[]> {
  const { inputs, expected } = matrixProductData(product);
  const kernels: OperationKernels = {
    operation: "product",
    plan: (node) => [
      {
        kernel: { name: "product", access: ["read", "read", "read", "write"], code: matrixProductCode(product, units) },
        uniforms: new ArrayBuffer(16),
        operands: [...node.inputs, ...node.outputs].map((tensor) => ({ tensor })),
        workgroups: [1, 1, 1],
        work: { floatingPointOperations: 0, bytes: 0 },
      },
    ],
  };
  const tensors = inputs.map((data) => ({ dataType: "float32", shape: [data.length], data }) as const);
  const [out] = await runOperation(gpu, kernels, tensors, {
    storages: ["float16", "float16", undefined],
    outputs: [{ dataType: "float32", shape: [expected.length] }],
  });
  return Array.from(out?.data ?? [], Number);
}

/** Small integers, which all sums hold exactly. */
export const wholeNumbers = (length: number, factor: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, (_, at) => ((at * factor) % 17) - 8);

/** What goes in (left, right and start, to be stored as float16, float16 and float32), and what has to come out. */
export function matrixProductData(product: MatrixProduct): {
  readonly inputs: readonly Float32Array<ArrayBuffer>[];
  readonly expected: readonly number[];
} {
  const { shape, leftOrder, rightOrder } = product;
  const { rows, columns, inner } = shape;
  const { leftStride, rightStride, leftSize, rightSize, sums } = sizesOf(product);
  const left = wholeNumbers(2 * leftSize, 5);
  const right = wholeNumbers(rightSize, 7);
  const start = wholeNumbers(2 * sums, 11);
  const expected: number[] = [];
  for (const loaded of [true, false])
    for (const subgroup of [0, 1])
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          let sum = loaded ? (start[subgroup * sums + row * columns + column] ?? Number.NaN) : 0;
          for (let k = 0; k < inner; k++) {
            const leftAt = subgroup * leftSize + (leftOrder === "rows" ? row * leftStride + k : k * leftStride + row);
            const rightAt = rightOrder === "rows" ? k * rightStride + column : column * rightStride + k;
            sum += (left[leftAt] ?? Number.NaN) * (right[rightAt] ?? Number.NaN);
          }
          expected.push(sum);
        }
  return { inputs: [left, right, start], expected };
}
