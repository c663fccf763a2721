import { create, fromBinary } from "@bufbuild/protobuf";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryDirectorySink } from "@longspan/core";
import { directorySink } from "@longspan/core/node";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type ModelProto,
  type ValueInfoProto,
} from "../onnx/onnx_pb.ts";
import type { StoredTensor } from "../onnx/stored-tensor.ts";
import { externalDataName, maxOnnxFileBytes, writeOnnxFile } from "./write-onnx-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-onnx-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function floats(name: string, shape: readonly [] | readonly [number], dims: { readonly name?: string } = {}): ValueInfoProto {
  const dim = shape.map((size) =>
    dims.name === undefined
      ? ({ value: { case: "dimValue", value: BigInt(size) } } as const)
      : ({ value: { case: "dimParam", value: dims.name } } as const),
  );
  const tensorType = { elemType: TensorProto_DataType.FLOAT, shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } }) });
}

/** y = x + small + large + huge, with all three stored. */
function sumModel(): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: "test",
    opsetImport: [create(OperatorSetIdProtoSchema, { version: 17n })],
    graph: create(GraphProtoSchema, {
      name: "sum",
      node: [create(NodeProtoSchema, { opType: "Sum", input: ["x", "small", "large", "huge"], output: ["y"] })],
      input: [floats("x", [count])],
      output: [floats("y", [count])],
    }),
    metadataProps: [{ key: "kept", value: "yes" }],
  });
}

/** More than a mebibyte of float32. */
const count = 300_000;

function stored(name: string, values: Float32Array): StoredTensor {
  const bytes = new Uint8Array(values.buffer);
  return {
    name,
    dataType: "float32",
    shape: [values.length],
    byteLength: bytes.length,
    async write(to) {
      await to.write(bytes.subarray(0, 4));
      await to.write(bytes.subarray(4));
    },
  };
}

const tensors: readonly StoredTensor[] = [
  stored("small", Float32Array.of(1000)),
  stored(
    "large",
    Float32Array.from({ length: count }, (_, index) => index % 977),
  ),
  stored(
    "huge",
    Float32Array.from({ length: count }, (_, index) => (index % 13) / 4),
  ),
];

async function run(path: string): Promise<unknown> {
  const session = await InferenceSession.create(path);
  const { y } = await session.run({
    x: new Tensor(
      "float32",
      Float32Array.from({ length: count }, (_, index) => index % 7),
    ),
  });
  await session.release();
  return y?.data;
}

const expected = Float32Array.from({ length: count }, (_, index) => 1000 + (index % 977) + (index % 13) / 4 + (index % 7));

describe("writeOnnxFile", () => {
  test("one file: read again by the generated messages, and run", async () => {
    const path = join(folder, "inline");
    const sink = await directorySink(path);
    await writeOnnxFile({ model: sumModel(), tensors }, { sink, fileName: "sum.onnx" });
    expect(await sink.commit()).toEqual([join(path, "sum.onnx")]);
    expect(await run(join(path, "sum.onnx"))).toEqual(expected);

    const memory = memoryDirectorySink();
    await writeOnnxFile({ model: sumModel(), tensors }, { sink: memory, fileName: "sum.onnx" });
    await memory.commit();
    const model = fromBinary(ModelProtoSchema, memory.files.get("sum.onnx") ?? new Uint8Array());
    expect(model).toMatchObject({ producerName: "test", irVersion: 8n, metadataProps: [{ key: "kept", value: "yes" }] });
    expect(model.graph?.node).toMatchObject([{ opType: "Sum" }]);
    expect(model.graph?.initializer.map(({ name, dims, rawData }) => [name, dims, rawData.length])).toEqual([
      ["small", [1n], 4],
      ["large", [BigInt(count)], count * 4],
      ["huge", [BigInt(count)], count * 4],
    ]);
  });

  test("external data: aligned, small tensors inline, and run", async () => {
    const path = join(folder, "external");
    const sink = await directorySink(path);
    await writeOnnxFile({ model: sumModel(), tensors }, { sink, fileName: "sum.onnx", externalData: true });
    await sink.commit();
    expect((await readdir(path)).toSorted()).toEqual(["sum.onnx", "sum.onnx.data"]);
    expect(await run(join(path, "sum.onnx"))).toEqual(expected);

    const memory = memoryDirectorySink();
    await writeOnnxFile({ model: sumModel(), tensors }, { sink: memory, fileName: "sum.onnx", externalData: true });
    await memory.commit();
    const { graph } = fromBinary(ModelProtoSchema, memory.files.get("sum.onnx") ?? new Uint8Array());
    const entries = graph?.initializer.map(({ name, dataLocation, externalData, rawData }) => ({
      name,
      external: dataLocation === TensorProto_DataLocation.EXTERNAL,
      rawBytes: rawData.length,
      ...Object.fromEntries(externalData.map(({ key, value }) => [key, value])),
    }));
    const length = String(count * 4);
    const next = Math.ceil((count * 4) / 65_536) * 65_536;
    expect(entries).toEqual([
      { name: "small", external: false, rawBytes: 4 },
      { name: "large", external: true, rawBytes: 0, location: "sum.onnx.data", offset: "0", length },
      { name: "huge", external: true, rawBytes: 0, location: "sum.onnx.data", offset: String(next), length },
    ]);
    expect(memory.files.get(externalDataName("sum.onnx"))?.length).toBe(next + count * 4);
  });

  test("what one file cannot hold lies beside it, unless that is refused", async () => {
    const options = { fileName: "sum.onnx", maxFileBytes: 2_000_000 };
    const sink = memoryDirectorySink();
    await writeOnnxFile({ model: sumModel(), tensors }, { ...options, sink });
    await sink.commit();
    expect([...sink.files.keys()]).toEqual(["sum.onnx.data", "sum.onnx"]);
    const refused = memoryDirectorySink();
    await expect(writeOnnxFile({ model: sumModel(), tensors }, { ...options, sink: refused, externalData: false })).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringMatching(/would have 2400\d{3} bytes.*2000000.*--no-external-data/),
    });
  });

  test("sizes beyond protobuf's limit are counted, not written", async () => {
    const large: StoredTensor = {
      name: "large",
      dataType: "float32",
      shape: [3 * 2 ** 30],
      byteLength: 3 * 2 ** 32,
      write: () => Promise.reject(new Error("written")),
    };
    await expect(
      writeOnnxFile({ model: sumModel(), tensors: [large] }, { sink: memoryDirectorySink(), fileName: "sum.onnx", externalData: false }),
    ).rejects.toMatchObject({ code: "limit-exceeded", details: { limit: maxOnnxFileBytes } });
  });

  test("a tensor that fails leaves nothing behind", async () => {
    const path = join(folder, "aborted");
    const sink = await directorySink(path);
    const failing: StoredTensor = { ...(tensors[2] as StoredTensor), write: () => Promise.reject(new Error("the source is gone")) };
    const writing = writeOnnxFile(
      { model: sumModel(), tensors: [...tensors.slice(0, 2), failing] },
      { sink, fileName: "sum.onnx", externalData: true },
    );
    await expect(writing).rejects.toThrow("the source is gone");
    await sink.abort();
    expect((await readdir(folder)).filter((name) => name.includes("aborted"))).toEqual([]);
  });
});
