import { describe, expect, test } from "vitest";
import { LongspanError } from "@longspan/core";
import { buildGraph, operations } from "@longspan/core/graph";
import { memoryWeights } from "@longspan/core/runtime";
import { loadOnnxRuntime as loadInBrowser } from "./onnxruntime.browser.ts";
import { loadOnnxRuntime } from "./onnxruntime.node.ts";
import { ortError } from "./ort-error.ts";
import type { OrtModule } from "./ort-module.ts";
import { onnx } from "../onnx-adapter.ts";
import { ort } from "./ort.ts";

const graph = buildGraph("scaled", (builder) => {
  const x = builder.input("x", "float32", ["batch", 2]);
  builder.output("y", builder.apply(operations.multiply, [x, builder.parameter("scale", [2])]));
});
const weights = memoryWeights({ scale: { dataType: "float32", shape: [2], data: Float32Array.of(2, 3) } });

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "nothing was thrown",
    (error: unknown) => (LongspanError.isInstance(error) ? error.code : error),
  );
}

describe("ort", () => {
  test("finds onnxruntime-node by itself, and says what computes", async () => {
    await using session = await ort({ threads: 2 }).prepare(graph, weights);
    expect(session.device).toMatch(/^onnxruntime-node \d+\.\d+\.\d+, cpu, 2 threads$/);
    const { y } = await session.run({ x: { dataType: "float32", shape: [1, 2], data: Float32Array.of(5, 7) } });
    expect(y).toEqual({ dataType: "float32", shape: [1, 2], data: Float32Array.of(10, 21) });
  });

  test("takes onnxruntime-web for wasm, whose threads are fixed by its first session", async () => {
    await using session = await ort({ executionProviders: ["wasm"], threads: 1 }).prepare(graph, weights);
    expect(session.device).toMatch(/^onnxruntime-web \d+\.\d+\.\d+, wasm, 1 thread$/);
    expect(await codeOf(ort({ executionProviders: ["wasm"], threads: 3 }).prepare(graph, weights))).toBe("argument-invalid");
    await using another = await ort({ executionProviders: ["wasm"] }).prepare(graph, weights);
    expect(another.device).toBe(session.device);
  });

  test("refuses execution providers that the module lacks", async () => {
    const node: OrtModule = await import("onnxruntime-node");
    const web: OrtModule = await import("onnxruntime-web");
    for (const [module, provider] of [
      [node, "wasm"],
      [node, "abacus"],
      [web, "webgpu"],
      [web, "cuda"],
    ] as const)
      expect(await codeOf(ort({ module, executionProviders: [provider] }).prepare(graph, weights))).toBe("feature-missing");
  });

  test("refuses options that there are not, as onnx does", () => {
    expect(() => ort({ thread: 2 } as never)).toThrow(/no option "thread" of ort\. Write "threads"/);
    expect(() => onnx({ quantise: "q8" } as never)).toThrow(/no option "quantise" of onnx\. Write "quantize"/);
  });

  test("refuses threads that are none", () => {
    for (const threads of [0, -1, 1.5, Number.NaN])
      expect(() => ort({ threads })).toThrow(expect.objectContaining({ code: "argument-invalid" }));
  });

  test("gives onnxruntime-web the weights beside the model, and onnxruntime-node none", async () => {
    const given: (Uint8Array[] | undefined)[] = [];
    const sizes: (number[] | undefined)[] = [];
    const watched = (module: OrtModule): OrtModule => ({
      ...module,
      InferenceSession: {
        create: (model, options) => {
          given.push(options.externalData?.map(({ data }) => data));
          sizes.push(options.externalData?.map(({ data }) => data.byteLength));
          return module.InferenceSession.create(model, options);
        },
      },
    });
    for (const module of [watched(await import("onnxruntime-node")), watched(await import("onnxruntime-web"))])
      await (await ort({ module, threads: 1 }).prepare(graph, weights)).dispose();
    expect(sizes).toEqual([undefined, [8]]);
    // Copied into WebAssembly's memory, and given back.
    expect(given.at(-1)?.map(({ byteLength }) => byteLength)).toEqual([0]);
  });
});

describe("the module that is loaded", () => {
  const found = { node: { name: "node" }, web: { name: "web" }, gpu: { name: "gpu" } };
  const module =
    (one: object): (() => Promise<OrtModule>) =>
    async () =>
      one as OrtModule;
  const missing = async (): Promise<OrtModule> => {
    throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
  };
  const all = {
    "onnxruntime-node": module(found.node),
    "onnxruntime-web": module(found.web),
    "onnxruntime-web/webgpu": module(found.gpu),
  };

  test("is the one that has the provider", async () => {
    expect(await loadOnnxRuntime([], all)).toBe(found.node);
    expect(await loadOnnxRuntime(["cuda", "cpu"], all)).toBe(found.node);
    expect(await loadOnnxRuntime(["wasm"], all)).toBe(found.web);
    expect(await loadOnnxRuntime(["webgpu"], { ...all, "onnxruntime-node": missing })).toBe(found.gpu);
    expect(await loadInBrowser([], all)).toBe(found.web);
    expect(await loadInBrowser(["webgpu"], all)).toBe(found.gpu);
  });

  test("is onnxruntime-web where onnxruntime-node is not installed", async () => {
    expect(await loadOnnxRuntime([], { ...all, "onnxruntime-node": missing })).toBe(found.web);
  });

  test("is asked for where none is installed", async () => {
    const none = { "onnxruntime-node": missing, "onnxruntime-web": missing };
    await expect(loadOnnxRuntime([], none)).rejects.toMatchObject({
      code: "module-missing",
      message: expect.stringContaining("npm install onnxruntime-node, or npm install onnxruntime-web"),
    });
    expect(await codeOf(loadInBrowser([], none))).toBe("module-missing");
  });

  test("is not left out silently when it is broken", async () => {
    const broken = async (): Promise<OrtModule> => {
      throw new Error("libstdc++ is too old");
    };
    await expect(loadOnnxRuntime([], { ...all, "onnxruntime-node": broken })).rejects.toMatchObject({
      code: "module-missing",
      message: expect.stringContaining("libstdc++ is too old"),
    });
  });
});

describe("what onnxruntime throws", () => {
  test.each([
    ["cpu", 3_000_000],
    ["wasm", 40_000],
  ])("%s without memory for a run is ready for the next", async (provider, length) => {
    const outer = buildGraph("outer sum", (builder) => {
      const sum = builder.apply(operations.add, [
        builder.input("x", "float32", ["rows", 1]),
        builder.input("y", "float32", [1, "columns"]),
      ]);
      builder.output("sum", builder.apply(operations.reduceSum, [sum], { axis: 1 }));
    });
    await using session = await ort({ executionProviders: [provider] }).prepare(outer, new Map());
    const run = (size: number): Promise<unknown> =>
      session.run({
        x: { dataType: "float32", shape: [size, 1], data: new Float32Array(size) },
        y: { dataType: "float32", shape: [1, size], data: new Float32Array(size) },
      });
    expect(await codeOf(run(length))).toBe("out-of-memory");
    expect(await codeOf(run(3))).toBe("nothing was thrown");
  });

  test.each([
    ["std::bad_alloc", "cpu", "out-of-memory"],
    ["Can't create a session. failed to allocate a buffer of size 1200000000.", "wasm", "out-of-memory"],
    ["RangeError: Array buffer allocation failed", "wasm", "out-of-memory"],
    ["Aborted(OOM)", "wasm", "out-of-memory"],
    ["92713408", "wasm", "out-of-memory"],
    ["memory access out of bounds", "wasm", "out-of-memory"],
    ["The device is lost", "webgpu", "device-lost"],
    ["no available backend found. ERR: [webgpu] Error: Failed to get GPU adapter.", "webgpu", "device-missing"],
    ["no available backend found. ERR: [cuda] backend not found.", "wasm", "feature-missing"],
    ["OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library", "cuda", "feature-missing"],
  ])("%s (%s) is %s", (text, provider, code) => {
    expect(ortError(new Error(text), "running", `onnxruntime, ${provider}`)).toMatchObject({ code });
  });

  test("stays as it is where nobody knows it", () => {
    const error = new Error("Got invalid dimensions for input");
    expect(ortError(error, "running", "onnxruntime-node, cpu")).toBe(error);
  });
});
