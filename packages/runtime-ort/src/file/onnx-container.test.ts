import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { LongspanError, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { bytesSource, isTensor, isTreeMap, type OpenedContainer } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { ModelProtoSchema, TensorProto_DataLocation, TensorProto_DataType, type TensorProtoSchema } from "../onnx/onnx_pb.ts";
import { onnxContainer } from "./onnx-container.ts";
import { writeOnnxFile } from "./write-onnx-file.ts";

const container = onnxContainer();

function open(file: Uint8Array, beside: Readonly<Record<string, Uint8Array>> = {}): Promise<OpenedContainer> {
  const files = memoryFileSet("memory", beside);
  return Promise.resolve(container.open({ source: bytesSource(file, "model.onnx"), fileName: "model.onnx", files }));
}

function detect(file: Uint8Array): ReturnType<typeof container.detect> {
  return container.detect({ source: bytesSource(file, "model.onnx"), head: file.subarray(0, 4096) });
}

async function floats(opened: OpenedContainer, name: string): Promise<readonly number[]> {
  const tensor = isTreeMap(opened.root) ? opened.root.get(name) : undefined;
  if (!isTensor(tensor)) throw new Error(`${name} is no tensor`);
  return Array.from((await tensor.read()).data, Number);
}

const values = Float32Array.from({ length: 600 }, (_, index) => index / 8);
const bytes = new Uint8Array(values.buffer);

async function written(externalData: boolean): Promise<Record<string, Uint8Array>> {
  const sink = memoryDirectorySink();
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    metadataProps: [{ key: "said", value: "yes" }],
    graph: { name: "g", node: [{ opType: "Relu", input: ["w"], output: ["y"] }] },
  });
  const tensor = {
    name: "w",
    dataType: "float32",
    shape: [30, 20],
    byteLength: bytes.length,
    write: (to: { write(b: Uint8Array): Promise<void> }) => to.write(bytes),
  } as const;
  await writeOnnxFile({ model, tensors: [tensor] }, { sink, fileName: "model.onnx", externalData });
  await sink.commit();
  return Object.fromEntries(sink.files);
}

describe("onnxContainer", () => {
  test.each([false, true])("reads what was written, external data: %s", async (externalData) => {
    const { "model.onnx": file = new Uint8Array(), ...beside } = await written(externalData);
    expect(await detect(file)).toMatchObject({ specificity: 60 });
    const opened = await open(file, beside);
    expect(opened.attributes).toEqual(new Map([["said", "yes"]]));
    expect(await floats(opened, "w")).toEqual([...values]);
    await opened.close();
  });

  test("reads floats in float_data, and says what it leaves out", async () => {
    const FLOAT = TensorProto_DataType.FLOAT;
    const file = toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: 8n,
        graph: {
          initializer: [
            { name: "typed", dataType: FLOAT, dims: [2n], floatData: [1.5, -2] },
            { name: "words", dataType: TensorProto_DataType.STRING, dims: [1n], stringData: [bytes] },
          ],
        },
      }),
    );
    const opened = await open(file);
    expect(await floats(opened, "typed")).toEqual([1.5, -2]);
    expect(opened.warnings).toEqual([expect.stringMatching(/^1 initializers are not kept/)]);
  });

  test("float_data is the values of a float tensor without raw_data, and of no other", async () => {
    const { FLOAT, INT32 } = TensorProto_DataType;
    const model = create(ModelProtoSchema, {
      irVersion: 8n,
      graph: {
        initializer: [
          { name: "integers", dataType: INT32, dims: [2n], floatData: [1, 2] },
          { name: "both", dataType: FLOAT, dims: [2n], floatData: [9, 9], rawData: bytes.slice(0, 8) },
        ],
      },
    });
    const opened = await open(toBinary(ModelProtoSchema, model));
    expect(await floats(opened, "both")).toEqual([0, 0.125]);
    expect(isTreeMap(opened.root) && opened.root.get("integers")).toBeUndefined();
    expect(opened.warnings).toEqual([expect.stringMatching(/^1 initializers are not kept/)]);
  });

  test("values in several pieces are refused: the last is not all of them", async () => {
    // The tensor's name, type and shape, and twice field 4 with one float.
    const piece = [0x22, 4, 0, 0, 128, 63];
    const tensor = [0x42, 1, 119, 0x10, 1, 0x08, 1, ...piece, ...piece];
    const graph = [0x2a, tensor.length, ...tensor];
    const file = Uint8Array.from([0x08, 8, 0x3a, graph.length, ...graph]);
    await expect(open(file)).rejects.toMatchObject({ code: "unsupported", message: expect.stringMatching(/"w".* several pieces/) });
  });

  test("a name that is no UTF-8 is refused, not read as another", async () => {
    const tensor = [0x42, 1, 0xff, 0x10, 1, 0x08, 0];
    const graph = [0x2a, tensor.length, ...tensor];
    const file = Uint8Array.from([0x08, 8, 0x3a, graph.length, ...graph]);
    await expect(open(file)).rejects.toMatchObject({ code: "malformed", message: expect.stringMatching(/byte 8 is no text in UTF-8/) });
  });

  test.each<[string, MessageInitShape<typeof ModelProtoSchema>, string, RegExp]>([
    [
      "external data that is not there",
      { graph: { initializer: [external({ location: "gone.data" })] } },
      "not-found",
      /"gone\.data" beside it/,
    ],
    [
      "external data outside of the folder",
      { graph: { initializer: [external({ location: "../secret" })] } },
      "not-found",
      /"\.\.\/secret" beside it/,
    ],
    [
      "external data that is too short",
      { graph: { initializer: [external({ location: "short.data", length: "80" })] } },
      "truncated",
      /80 bytes from 0, and that file has 8/,
    ],
    [
      "an offset that is none",
      { graph: { initializer: [external({ location: "short.data", offset: "-8", length: "8" })] } },
      "truncated",
      /-8/,
    ],
    [
      "a shape that its bytes are not of",
      { graph: { initializer: [{ name: "w", dataType: TensorProto_DataType.FLOAT, dims: [1_000_000n, 1_000_000n], rawData: bytes }] } },
      "tensor-invalid",
      /4000000000000 bytes, and has 2400/,
    ],
    [
      "an axis below 0",
      { graph: { initializer: [{ name: "w", dataType: TensorProto_DataType.FLOAT, dims: [-1n], rawData: bytes }] } },
      "tensor-invalid",
      /-1/,
    ],
    [
      "a name that stands twice",
      { graph: { initializer: [1, 2].map(() => ({ name: "w", dataType: TensorProto_DataType.FLOAT, dims: [600n], rawData: bytes })) } },
      "malformed",
      /"w" stands twice/,
    ],
    [
      "a long name",
      { graph: { initializer: [{ name: "w".repeat(5000), dataType: TensorProto_DataType.FLOAT }] } },
      "limit-exceeded",
      /at most 4096/,
    ],
  ])("refuses %s", async (_, contents, code, message) => {
    const file = toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, ...contents }));
    await expect(open(file, { "short.data": new Uint8Array(8) })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("a file that ends early is refused by name or misses its tensors, and nothing else is thrown", async () => {
    const { "model.onnx": file = new Uint8Array() } = await written(false);
    for (let length = 1; length < file.length; length += 7) {
      const error: unknown = await open(file.subarray(0, length)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined) expect([length, LongspanError.isInstance(error)]).toEqual([length, true]);
    }
    await expect(open(file.subarray(0, -1))).rejects.toMatchObject({ code: "malformed" });
  });

  test("no bytes make it throw anything but its own errors", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.boolean(), async (noise, begins) => {
        const file = begins ? Uint8Array.of(8, 8, ...noise) : noise;
        await detect(file);
        await open(file).catch((error: unknown) => expect(LongspanError.isInstance(error)).toBe(true));
      }),
      { numRuns: 400 },
    );
  });

  test("other formats are not taken for ONNX", async () => {
    const text = new TextEncoder();
    for (const file of [
      text.encode("PK\u0003\u0004"),
      Uint8Array.of(0x80, 2, 0x7d),
      text.encode("\b\0\0\0\0\0\0\0{}      "),
      new Uint8Array(0),
      new Uint8Array(64),
    ])
      expect(await detect(file)).toBeUndefined();
  });
});

function external(entries: Readonly<Record<string, string>>): MessageInitShape<typeof TensorProtoSchema> {
  return {
    name: "w",
    dataType: TensorProto_DataType.FLOAT,
    dims: [2n],
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}
