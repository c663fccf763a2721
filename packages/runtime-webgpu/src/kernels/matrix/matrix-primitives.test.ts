import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MatrixShape, MatrixUnits } from "../../kernel/device-facts.ts";
import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { knownMatrixShapes, refusalOf } from "../../testing/matrix-units.ts";
import { runOperation } from "../../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { matrixPrimitives, type MatrixOrder } from "./index.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await testDevice();
});
afterAll(() => gpu.device.destroy());

const lanes = 32;
/** Between rows, more than a row has. */
const gap = 4;

interface Case {
  readonly shape: MatrixShape;
  readonly leftOrder: MatrixOrder;
  readonly rightOrder: MatrixOrder;
}

const cases: readonly Case[] = knownMatrixShapes.flatMap((shape) =>
  (["rows", "columns"] as const).flatMap((leftOrder) =>
    (["rows", "columns"] as const).map((rightOrder) => ({ shape, leftOrder, rightOrder })),
  ),
);

/** `out = start + left · right` twice, by two subgroups: each has a left matrix of its own, from storage; both the right one, staged. */
function productCode({ shape, leftOrder, rightOrder }: Case, form: MatrixUnits["form"]): string {
  const matrices = matrixPrimitives({ form, shapes: [shape], lanes }, shape);
  const { rows, columns, inner } = shape;
  const leftStride = (leftOrder === "rows" ? inner : rows) + gap;
  const rightStride = (rightOrder === "rows" ? columns : inner) + gap;
  const leftSize = (leftOrder === "rows" ? rows : inner) * leftStride;
  const rightSize = (rightOrder === "rows" ? inner : columns) * rightStride;
  return `${matrices.directives}
struct Uniforms { unused: vec4<u32> }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> left: array<f16>;
@group(0) @binding(2) var<storage, read> right: array<f16>;
@group(0) @binding(3) var<storage, read> start: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
var<workgroup> staged: array<f16, ${rightSize}>;
var<workgroup> sums: array<f32, ${2 * rows * columns}>;
${matrices.declarations([
  { name: "left", element: "f16" },
  { name: "staged", element: "f16" },
  { name: "sums", element: "f32" },
  { name: "out", element: "f32" },
])}
@compute @workgroup_size(${2 * lanes})
fn main(@builtin(local_invocation_index) lane: u32) {
  ${matrices.enter("lane")}
  let subgroup = lane / ${lanes}u;
  for (var at = lane; at < ${rightSize}u; at += ${2 * lanes}u) { staged[at] = right[at]; }
  for (var at = lane; at < ${2 * rows * columns}u; at += ${2 * lanes}u) { sums[at] = start[at]; }
  workgroupBarrier();
  let left_matrix = ${matrices.loadLeft("left", `subgroup * ${leftSize}u`, `${leftStride}u`, leftOrder)};
  let right_matrix = ${matrices.loadRight("staged", "0u", `${rightStride}u`, rightOrder)};
  var sum = ${matrices.loadSum("sums", `subgroup * ${rows * columns}u`, `${columns}u`)};
  sum = ${matrices.multiplyAdd("left_matrix", "right_matrix", "sum")};
  var other = ${matrices.zero};
  other = ${matrices.multiplyAdd("left_matrix", "right_matrix", "other")};
  ${matrices.store("out", `subgroup * ${rows * columns}u`, `${columns}u`, "sum")}
  ${matrices.store("out", `(2u + subgroup) * ${rows * columns}u`, `${columns}u`, "other")}
}`;
}

/** Small integers, which all sums hold exactly. */
const whole = (length: number, factor: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, (_, at) => ((at * factor) % 17) - 8);

describe("products of matrices", () => {
  test.each(cases)(
    "$shape.rows x $shape.columns x $shape.inner, left by $leftOrder, right by $rightOrder, in plain WGSL",
    async (matrixCase) => {
      const { rows, columns, inner } = matrixCase.shape;
      const [byRows, rightByRows] = [matrixCase.leftOrder === "rows", matrixCase.rightOrder === "rows"];
      const leftStride = (byRows ? inner : rows) + gap;
      const rightStride = (rightByRows ? columns : inner) + gap;
      const leftSize = (byRows ? rows : inner) * leftStride;
      const left = whole(2 * leftSize, 5);
      const right = whole((rightByRows ? inner : columns) * rightStride, 7);
      const start = whole(2 * rows * columns, 11);
      const expected: number[] = [];
      for (const [offset, first] of [
        [0, true],
        [leftSize, true],
        [0, false],
        [leftSize, false],
      ] as const)
        for (let row = 0; row < rows; row++)
          for (let column = 0; column < columns; column++) {
            let sum = first ? (start[(offset === 0 ? 0 : rows * columns) + row * columns + column] ?? 0) : 0;
            for (let k = 0; k < inner; k++) {
              const leftAt = offset + (byRows ? row * leftStride + k : k * leftStride + row);
              const rightAt = rightByRows ? k * rightStride + column : column * rightStride + k;
              sum += (left[leftAt] ?? Number.NaN) * (right[rightAt] ?? Number.NaN);
            }
            expected.push(sum);
          }
      const kernels: OperationKernels = {
        operation: "product",
        plan: ({ inputs, outputs }) => [
          {
            kernel: { name: "product", access: ["read", "read", "read", "write"], code: productCode(matrixCase, "plain") },
            uniforms: new ArrayBuffer(16),
            operands: [...inputs, ...outputs].map((tensor) => ({ tensor })),
            workgroups: [1, 1, 1],
            work: { floatingPointOperations: 0, bytes: 0 },
          },
        ],
      };
      const tensor = (data: Float32Array) => ({ dataType: "float32", shape: [data.length], data }) as const;
      const [out] = await runOperation(gpu, kernels, [left, right, start].map(tensor), {
        storages: ["float16", "float16", undefined],
        outputs: [{ dataType: "float32", shape: [expected.length] }],
      });
      expect(Array.from(out?.data ?? [])).toEqual(expected);
    },
  );

  test.each(cases)(
    "$shape.rows x $shape.columns x $shape.inner, left by $leftOrder, right by $rightOrder: Dawn takes the device's text",
    async (matrixCase) => {
      expect(await refusalOf({ code: productCode(matrixCase, "device") })).toBe(undefined);
    },
  );

  test("text with mistakes is refused", async () => {
    const code = productCode({ shape: { rows: 16, columns: 8, inner: 16 }, leftOrder: "rows", rightOrder: "rows" }, "device");
    expect(await refusalOf({ code: code.replace("subgroup_matrix_left<f16, 16, 16>", "subgroup_matrix_left<f16, 8, 16>") })).toMatch(
      /no matching call/,
    );
  });
});
