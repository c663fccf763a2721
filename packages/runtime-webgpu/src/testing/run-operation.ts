import { elementCount } from "@longspan/core";
import { castTensor, floatConversion } from "@longspan/core/adapter";
import { type Attributes, evaluateShape, type GraphTensor, standardOperations } from "@longspan/core/graph";
import { memoryWeights } from "@longspan/core/runtime";
import { bufferUsage, mapMode } from "../device/gpu-constants.ts";
import { createPipelineCache, type PipelineCache } from "../device/pipeline-cache.ts";
import type { DeviceTensor, Storage } from "../kernel/kernel.ts";
import type { OperationKernels, PlanContext, SizedNode } from "../kernel/operation-kernels.ts";
import { boundBytes, byteLengthOf } from "../kernel/tensor-bytes.ts";
import type { TestDevice } from "./test-device.ts";

export interface RunOperationOptions {
  readonly attributes?: Attributes;
  /** How each input lies in memory, where not as its data type says: weights and activations kept as float16. */
  readonly storages?: readonly (Storage | undefined)[];
  /** The same of each output. */
  readonly outputStorages?: readonly (Storage | undefined)[];
  /** Inputs of one shape that are columns of one tensor, in this order. */
  readonly joined?: readonly number[];
  /** Types of the outputs, where the operation is none of core's. */
  readonly outputs?: readonly { readonly dataType: GraphTensor["dataType"]; readonly shape: readonly number[] }[];
}

/** Runs the kernels of one operation on given tensors, each in a buffer of its own: what unit tests of kernels and benchmarks need. */
export async function runOperation(
  { device, facts }: TestDevice,
  kernels: OperationKernels,
  inputs: readonly GraphTensor[],
  { attributes = {}, storages = [], outputStorages = [], joined = [], outputs }: RunOperationOptions = {},
): Promise<readonly GraphTensor[]> {
  const buffers = new Map<string, GPUBuffer>();
  const hosts = new Map<string, GraphTensor>();
  const create = (name: string, storage: Storage, shape: readonly number[], bytes?: Uint8Array): DeviceTensor => {
    const byteLength = byteLengthOf(storage, shape);
    const buffer = device.createBuffer({
      label: name,
      size: byteLength,
      usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination,
    });
    if (bytes !== undefined && bytes.byteLength > 0) device.queue.writeBuffer(buffer, 0, bytes as Uint8Array<ArrayBuffer>);
    buffers.set(name, buffer);
    return { name, shape, storage, byteLength };
  };
  const tensors: DeviceTensor[] = [];
  const wide = joined.length === 0 ? undefined : joinColumns(joined.map((index) => inputs[index]));
  const wideStorage = storages[joined[0] ?? 0] ?? "float32";
  const columns = wide && create("joined inputs", wideStorage, wide.shape, await bytesOf(wide, wideStorage));
  for (const [index, input] of inputs.entries()) {
    const storage = storages[index] ?? input.dataType;
    if (columns !== undefined && joined.includes(index)) {
      const { shape } = input;
      const offset = joined.indexOf(index) * (shape.at(-1) ?? 1);
      const columnsOf = { tensor: columns, offset, rowStride: columns.shape.at(-1) ?? 1 };
      tensors.push({ name: `input ${index}`, shape, storage, byteLength: byteLengthOf(storage, shape), columnsOf });
      continue;
    }
    const tensor = create(`input ${index}`, storage, input.shape, await bytesOf(input, storage));
    if (input.dataType !== "float32") hosts.set(tensor.name, input);
    tensors.push(tensor);
  }
  const types =
    outputs ??
    standardOperations
      .get(kernels.operation)
      ?.outputTypes(inputs, attributes)
      .map(({ dataType, shape }) => ({ dataType, shape: evaluateShape(shape, new Map()) })) ??
    [];
  const results = types.map(({ dataType, shape }, index) => create(`output ${index}`, outputStorages[index] ?? dataType, shape));
  const context: PlanContext = {
    facts,
    dimensions: new Map(),
    scratch: (storage, elements) => create(`scratch ${buffers.size}`, storage, [elements]),
    hostValues: ({ name }) => hosts.get(name),
    derived(key, elements, from, compute) {
      const values = hosts.get(from.name);
      if (values === undefined) throw new Error(`${from.name} is not known to the host`);
      return create(`derived ${key} ${buffers.size}`, "int32", [elements], new Uint8Array(compute(values).buffer));
    },
  };
  const node: SizedNode = { name: "output 0", operation: kernels.operation, attributes, inputs: tensors, outputs: results };
  const dispatches = kernels.plan(node, context);
  const encoder = device.createCommandEncoder();
  for (const { kernel, uniforms, operands, workgroups } of dispatches) {
    const { pipeline, layout } = await pipelinesOf(device).get(kernel);
    const uniformBuffer = device.createBuffer({ size: uniforms.byteLength, usage: bufferUsage.uniform | bufferUsage.copyDestination });
    device.queue.writeBuffer(uniformBuffer, 0, uniforms);
    const pass = encoder.beginComputePass({ label: kernel.name });
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout,
        entries: [
          { binding: 0, resource: { buffer: uniformBuffer } },
          ...operands.map((operand, index) => {
            const buffer = buffers.get(operand.tensor.name);
            if (buffer === undefined) throw new Error(`${operand.tensor.name} has no buffer`);
            return { binding: index + 1, resource: { buffer, offset: operand.byteOffset ?? 0, size: boundBytes(operand) } };
          }),
        ],
      }),
    );
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
  }
  const readbacks = results.map((result) => {
    const source = buffers.get(result.name);
    if (source === undefined) throw new Error(`${result.name} has no buffer`);
    const target = device.createBuffer({ size: result.byteLength, usage: bufferUsage.mapRead | bufferUsage.copyDestination });
    encoder.copyBufferToBuffer(source, 0, target, 0, result.byteLength);
    return target;
  });
  device.pushErrorScope("validation");
  device.queue.submit([encoder.finish()]);
  const problem = await device.popErrorScope();
  if (problem !== null) throw new Error(problem.message);
  const read: GraphTensor[] = [];
  for (const [index, target] of readbacks.entries()) {
    await target.mapAsync(mapMode.read);
    const { dataType = "float32", shape = [] } = types[index] ?? {};
    const elements = elementCount(shape);
    const words = target.getMappedRange().slice(0);
    if (results[index]?.storage === "float16") read.push({ dataType: "float32", shape, data: fromHalves(words, elements) });
    else if (dataType === "float32") read.push({ dataType, shape, data: new Float32Array(words, 0, elements) });
    else if (dataType === "int32") read.push({ dataType, shape, data: new Int32Array(words, 0, elements) });
    else read.push({ dataType, shape, data: Uint8Array.from(new Int32Array(words, 0, elements)) });
    target.destroy();
  }
  for (const buffer of buffers.values()) buffer.destroy();
  return read;
}

async function bytesOf(tensor: GraphTensor, storage: Storage): Promise<Uint8Array> {
  if (storage === "float16") {
    const [weight] = memoryWeights({ weight: tensor }).values();
    if (weight === undefined) throw new Error("no weight");
    const narrow = castTensor(weight, "float16");
    const bytes = new Uint8Array(Math.ceil(narrow.byteLength / 4) * 4);
    bytes.set(await narrow.readBytes(0, narrow.byteLength));
    return bytes;
  }
  const words = tensor.dataType === "bool" ? Int32Array.from(tensor.data) : tensor.data;
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Float32 tensors of one shape, side by side in their last axis. */
function joinColumns(parts: readonly (GraphTensor | undefined)[]): GraphTensor {
  const shape = parts[0]?.shape ?? [];
  const columns = shape.at(-1) ?? 1;
  const width = parts.length * columns;
  const data = new Float32Array((elementCount(shape) / Math.max(1, columns)) * width);
  for (const [part, tensor] of parts.entries())
    for (const [at, value] of tensor?.data.entries() ?? [])
      data[Math.floor(at / columns) * width + part * columns + (at % columns)] = value;
  return { dataType: "float32", shape: [...shape.slice(0, -1), width], data };
}

const widen = floatConversion("float16", "float32");

function fromHalves(words: ArrayBuffer, elements: number): Float32Array<ArrayBuffer> {
  const wide = new Uint8Array(4 * elements);
  widen(new Uint8Array(words, 0, 2 * elements), wide);
  return new Float32Array(wide.buffer);
}

/** A kernel that several runs on a device share is compiled once. */
const pipelines = new WeakMap<GPUDevice, PipelineCache>();

function pipelinesOf(device: GPUDevice): PipelineCache {
  const known = pipelines.get(device) ?? createPipelineCache(device);
  pipelines.set(device, known);
  return known;
}
