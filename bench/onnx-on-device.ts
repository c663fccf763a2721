// A graph as an ONNX model, run by onnxruntime-web's WebGPU on a device of ours, on buffers that lie there.
import { toBinary } from "@bufbuild/protobuf";
import type { Graph, GraphDataType } from "@longspan/core/graph";
import type * as onnxruntime from "onnxruntime-web/webgpu";
import { exportGraph } from "@longspan/runtime-ort/onnx";
import { ModelProtoSchema } from "../packages/runtime-ort/src/onnx/onnx_pb.ts";
import { openGpu } from "../packages/runtime-webgpu/src/device/gpu.node.ts";

export interface DeviceTensor {
  readonly buffer: GPUBuffer;
  readonly dataType: Exclude<GraphDataType, "bool">;
  readonly shape: readonly number[];
}

export interface OnnxOnDevice {
  /** Runs it once; returns before the GPU is done. */
  run(): Promise<void>;
  release(): Promise<void>;
}

let loaded: Promise<typeof onnxruntime> | undefined;

/** onnxruntime-web finds WebGPU where browsers have it, when it is imported. */
async function load(): Promise<typeof onnxruntime> {
  const { globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  Object.defineProperty(navigator, "gpu", { value: await openGpu(), configurable: true });
  const module = await import("onnxruntime-web/webgpu");
  // With more, which it takes where there are more cores than two, its workers look for its files over the network, and fail. The work is the GPU's.
  module.env.wasm.numThreads = 1;
  return module;
}

/** A graph without parameters: weights are inputs, so that they lie in buffers as ours do. Buffers go by the names of inputs and outputs. */
export async function openOnnxOnDevice(
  graph: Graph,
  device: GPUDevice,
  tensors: Readonly<Record<string, DeviceTensor>>,
): Promise<OnnxOnDevice> {
  loaded ??= load();
  const { InferenceSession, Tensor } = await loaded;
  const session = await InferenceSession.create(toBinary(ModelProtoSchema, exportGraph(graph).model), {
    executionProviders: [{ name: "webgpu", device }],
    preferredOutputLocation: "gpu-buffer",
    // Errors: that sizes are computed on the CPU is no news.
    logSeverityLevel: 3,
  });
  const onDevice = (names: readonly string[]): Record<string, InstanceType<typeof Tensor>> =>
    Object.fromEntries(
      names.map((name) => {
        const tensor = tensors[name];
        if (tensor === undefined) throw new Error(`${graph.name} has no buffer for ${name}`);
        return [name, Tensor.fromGpuBuffer(tensor.buffer, { dataType: tensor.dataType, dims: [...tensor.shape] })];
      }),
    );
  const inputs = onDevice(session.inputNames);
  const outputs = onDevice(session.outputNames);
  return {
    async run() {
      await session.run(inputs, outputs);
    },
    release: () => session.release(),
  };
}
