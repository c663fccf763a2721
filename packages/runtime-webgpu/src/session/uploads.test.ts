import { expect, test } from "vitest";
import type { GraphDataType, GraphTensor } from "@longspan/core/graph";
import type { GraphPlan, Upload } from "../plan/graph-plan.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { planUploads } from "./uploads.ts";

const values: Readonly<Record<string, GraphTensor["data"]>> = {
  ids: Int32Array.of(7, -8, 9),
  flags: Uint8Array.of(1, 0, 1),
  vectors: Float32Array.of(0.5, -0.25),
  large: Float32Array.from({ length: 100_000 }, (_, index) => index),
  "large flags": Uint8Array.from({ length: 100_000 }, (_, index) => index % 2),
  behind: Int32Array.of(3),
  elsewhere: Int32Array.of(4, 5),
};

function upload(name: string, dataType: GraphDataType): Upload {
  const data = values[name] ?? new Int32Array(0);
  return { name, dataType, byteLength: Math.max(16, data.length * 4), values: () => data };
}

/** What the queue writes, by where it writes it. */
function written(uploads: readonly Upload[], placements: GraphPlan["uploaded"]["placements"]): Map<string, ArrayBuffer> {
  const plan: Pick<GraphPlan, "uploads" | "uploaded"> = { uploads, uploaded: { arenas: [], placements } };
  const buffers = ["first", "second"].map((label) => ({ label }) as GPUBuffer);
  const pool = { buffers: { work: [], upload: buffers } } as Partial<BufferPool> as BufferPool;
  const calls = new Map<string, ArrayBuffer>();
  const queue: Pick<GPUQueue, "writeBuffer"> = {
    writeBuffer(buffer, offset, data, start = 0, size = data.byteLength) {
      calls.set(`${buffer.label} ${offset}`, (data as ArrayBuffer).slice(start, start + size));
      return undefined;
    },
  };
  const planned = planUploads(plan as GraphPlan);
  for (let run = 0; run < 2; run++) {
    calls.clear();
    planned.write(queue as GPUQueue, pool, new Map());
  }
  return calls;
}

test("small uploads that lie side by side are written with one call, larger ones as they are, flags as words", () => {
  const uploads = [
    upload("ids", "int32"),
    upload("vectors", "float32"),
    upload("large", "float32"),
    upload("large flags", "bool"),
    upload("behind", "int32"),
    upload("nothing", "int32"),
    upload("flags", "bool"),
    upload("elsewhere", "int32"),
  ];
  const placements = new Map([
    ["flags", { arena: 0, offset: 0 }],
    ["ids", { arena: 0, offset: 256 }],
    ["vectors", { arena: 0, offset: 512 }],
    ["large", { arena: 0, offset: 768 }],
    ["large flags", { arena: 0, offset: 400_896 }],
    ["behind", { arena: 0, offset: 801_024 }],
    ["nothing", { arena: 0, offset: 801_280 }],
    ["elsewhere", { arena: 1, offset: 801_536 }],
  ]);
  const calls = written(uploads, placements);
  expect([...calls].map(([place, { byteLength }]) => [place, byteLength])).toEqual([
    ["first 0", 512 + 16],
    ["first 801024", 256 + 16],
    ["second 801536", 16],
    ["first 768", 400_000],
    ["first 400896", 400_000],
  ]);
  const words = (place: string, offset: number, count: number): number[] => [
    ...new Int32Array(calls.get(place) ?? new ArrayBuffer(0), offset, count),
  ];
  expect(words("first 0", 0, 4)).toEqual([1, 0, 1, 0]);
  expect(words("first 0", 256, 4)).toEqual([7, -8, 9, 0]);
  expect([...new Float32Array(calls.get("first 0") ?? new ArrayBuffer(0), 512, 2)]).toEqual([0.5, -0.25]);
  expect(words("first 801024", 0, 4)).toEqual([3, 0, 0, 0]);
  expect(words("second 801536", 0, 2)).toEqual([4, 5]);
  expect(words("first 400896", 0, 4)).toEqual([0, 1, 0, 1]);
  expect(new Float32Array(calls.get("first 768") ?? new ArrayBuffer(0))).toEqual(values.large);
});
