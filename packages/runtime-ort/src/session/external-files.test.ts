import { afterEach, expect, test, vi } from "vitest";
import type { ByteSource } from "@longspan/core";
import { bytesSource, stridedTensor } from "@longspan/core/adapter";
import { buildGraph, operations } from "@longspan/core/graph";
import { memoryWeights, referenceRuntime, type Weights } from "@longspan/core/runtime";
import { externalFiles } from "./external-files.ts";
import { ort } from "./ort.ts";
import type { OrtModule } from "./ort-module.ts";

const module: OrtModule = await import("onnxruntime-web");

/** Node cannot read a Blob while it waits: bytes with what is used of one. */
interface ReadableBlob {
  readonly bytes: Uint8Array;
  readonly size: number;
  slice(start: number, end: number): ReadableBlob;
}

const readable = (bytes: Uint8Array): ReadableBlob => ({
  bytes,
  size: bytes.byteLength,
  slice: (start, end) => readable(bytes.subarray(start, end)),
});

/** As in a worker of a browser; what is read is noted, by its length. */
function readWhileWaiting(read: (blob: ReadableBlob) => ArrayBuffer): number[] {
  const lengths: number[] = [];
  vi.stubGlobal(
    "FileReaderSync",
    class {
      readAsArrayBuffer(blob: ReadableBlob): ArrayBuffer {
        lengths.push(blob.size);
        return read(blob);
      }
    },
  );
  return lengths;
}

afterEach(() => vi.unstubAllGlobals());

const graph = buildGraph("scaled", (builder) => {
  const product = builder.apply(operations.multiply, [builder.input("x", "float32", [2, 3]), builder.parameter("scale", [2, 3])]);
  builder.output("y", builder.apply(operations.add, [product, builder.parameter("shift", [3])]));
});

const scale = Float32Array.of(1, -2, 3, 0.5, 8, -16);
const shift = memoryWeights({ shift: { dataType: "float32", shape: [3], data: Float32Array.of(10, 20, 30) } });

/** `scale` lies in a file, behind something else; `shift` in memory. */
function weightsOfFile(): Weights {
  const bytes = new Uint8Array(8 + scale.byteLength);
  bytes.set(new Uint8Array(scale.buffer), 8);
  const source: ByteSource = {
    ...bytesSource(bytes, "file"),
    blob: async (offset, length) => readable(bytes.subarray(offset, offset + length)) as unknown as Blob,
  };
  const storage = { source, offset: 8, byteLength: scale.byteLength };
  return new Map([["scale", stridedTensor({ name: "scale", dataType: "float32", shape: [2, 3], storage })], ...shift]);
}

const inputs = { x: { dataType: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } } as const;

test("onnxruntime-web copies weights out of files, which are read when it asks for them", async () => {
  const lengths = readWhileWaiting(({ bytes }) => bytes.slice().buffer);
  const runtime = ort({ module, executionProviders: ["wasm"], threads: 1 });
  await using session = await runtime.prepare(graph, weightsOfFile());
  expect(lengths).toContain(scale.byteLength);
  await using truth = await referenceRuntime().prepare(graph, weightsOfFile());
  expect((await session.run(inputs))["y"]).toEqual((await truth.run(inputs))["y"]);
});

test("a file that was changed meanwhile is told as such", async () => {
  readWhileWaiting(() => {
    throw new DOMException("could not be read", "NotReadableError");
  });
  const runtime = ort({ module, executionProviders: ["wasm"], threads: 1 });
  await expect(runtime.prepare(graph, weightsOfFile())).rejects.toMatchObject({ code: "source-changed" });
});

test("weights that lie in no file are put together from their pieces", async () => {
  readWhileWaiting(({ bytes }) => bytes.slice().buffer);
  const elements = 2 ** 23 + 5;
  const data = new Float32Array(elements);
  for (let index = 0; index < elements; index++) data[index] = index % 1000;
  const wide = buildGraph("wide", (builder) => {
    const x = builder.input("x", "float32", [elements]);
    builder.output("y", builder.apply(operations.add, [x, builder.parameter("wide", [elements])]));
  });
  const { files, failure } = await externalFiles(wide, memoryWeights({ wide: { dataType: "float32", shape: [elements], data } }), {});
  expect(files).toMatchObject([{ parameter: "wide", shape: [elements], length: elements * 4 }]);
  expect(Buffer.compare(files[0]?.data ?? new Uint8Array(0), new Uint8Array(data.buffer))).toBe(0);
  expect(failure()).toBeUndefined();
});
