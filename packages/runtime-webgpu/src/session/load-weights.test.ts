import { expect, test } from "vitest";
import { buildGraph, operations } from "@longspan/core/graph";
import { memoryWeights } from "@longspan/core/runtime";
import { webgpu } from "../webgpu-runtime.ts";

/** More than is read at once: two pieces, and an odd number of elements in the second. */
const [rows, columns] = [255_001, 33];

const graph = buildGraph("a large table", (builder) => {
  const table = builder.parameter("table", [rows, columns]);
  builder.output("found", builder.apply(operations.embedding, [builder.input("ids", "int32", ["count"]), table]));
});

const valueAt = (element: number): number => (element % 2000) - 1000;
const table = new Float32Array(rows * columns);
for (let element = 0; element < table.length; element++) table[element] = valueAt(element);

test.each(["float32", "float16"] as const)("a weight of several pieces lies whole on the GPU, in %s", async (precision) => {
  await using session = await webgpu({ precision }).prepare(
    graph,
    memoryWeights({ table: { dataType: "float32", shape: [rows, columns], data: table } }),
  );
  const boundary = Math.floor(2 ** 23 / columns);
  const ids = Int32Array.of(0, boundary - 1, boundary, boundary + 1, rows - 1);
  const { found } = await session.run({ ids: { dataType: "int32", shape: [ids.length], data: ids } });
  const expected = [...ids].flatMap((row) => Array.from({ length: columns }, (_, column) => valueAt(row * columns + column)));
  expect([...(found?.data ?? [])]).toEqual(expected);
});

test("what float16 cannot hold is counted over all pieces", async () => {
  const large = table.with(7, 70_000).with(rows * columns - 1, -80_000);
  const preparing = webgpu({ precision: "float16" }).prepare(
    graph,
    memoryWeights({ table: { dataType: "float32", shape: [rows, columns], data: large } }),
  );
  await expect(preparing).rejects.toMatchObject({ code: "value-overflow", details: { tensor: "table", overflows: 2 } });
});
