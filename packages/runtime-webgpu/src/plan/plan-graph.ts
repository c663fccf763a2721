import {
  elementCount,
  evaluateShape,
  formatShape,
  LongspanError,
  type Graph,
  type GraphNode,
  type GraphTensor,
  type GraphDataType,
  type Value,
} from "@longspan/core";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch, Operand, Storage } from "../kernel/kernel.ts";
import type { PlanContext } from "../kernel/operation-kernels.ts";
import { placeTensors, type MemoryLayout, type MemoryRequest } from "./place-tensors.ts";
import type { PlacedNode, SplitGraph } from "./split-graph.ts";

/** A dispatch and the node it is a part of. */
export interface PlannedStep {
  /** The name of the node's first output. */
  readonly node: string;
  readonly dispatch: Dispatch;
}

/** What the host writes before a run. */
interface Upload {
  /** Its name in the plan's memory. */
  readonly name: string;
  /** Its values, from those that the host knows. */
  readonly values: (known: ReadonlyMap<string, GraphTensor>) => GraphTensor;
}

export interface PlannedOutput {
  /** As the graph calls it. */
  readonly name: string;
  readonly dataType: GraphDataType;
  readonly shape: readonly number[];
  /** The memory it lies in: `host` when the host knows it, `none` when it has no elements. */
  readonly source: "host" | "none" | "parameter" | "work";
  /** The name of that memory. */
  readonly root: string;
  readonly byteLength: number;
}

/** Everything about the runs of a graph at certain sizes, as data: nothing here needs a device. */
export interface GraphPlan {
  readonly steps: readonly PlannedStep[];
  /** The name of the memory behind a tensor: of a reshape, its input's. */
  readonly roots: ReadonlyMap<string, string>;
  /** What nodes compute. */
  readonly work: MemoryLayout;
  /** What the host writes. */
  readonly uploads: readonly Upload[];
  readonly uploaded: MemoryLayout;
  readonly outputs: readonly PlannedOutput[];
  /** Where outputs are copied to be read; by their names in the graph. */
  readonly readback: MemoryLayout;
}

export interface PlanRequest {
  readonly split: SplitGraph;
  readonly facts: DeviceFacts;
  readonly parameters: ReadonlyMap<string, DeviceTensor>;
  /** The numbers of all symbols. */
  readonly dimensions: ReadonlyMap<string, number>;
  /** What the host knows: see `evaluateHostPart`. */
  readonly hostValues: ReadonlyMap<string, GraphTensor>;
}

const nothingApart: ReadonlyMap<string, ReadonlySet<string>> = new Map();

/**
 * Plans a graph for one set of sizes.
 * @throws LongspanError `device-limit` naming the tensor that is too large for the device.
 */
export function planGraph({ split, facts, parameters, dimensions, hostValues }: PlanRequest): GraphPlan {
  const { graph } = split;
  const steps: PlannedStep[] = [];
  const tensors = new Map<string, DeviceTensor>(parameters);
  const roots = new Map<string, string>();
  const uploads = new Map<string, Upload>();

  const rootOf = (name: string): string => roots.get(name) ?? name;
  const describe = (name: string, storage: Storage, shape: readonly number[]): DeviceTensor => {
    const tensor: DeviceTensor = { name, storage, shape, byteLength: byteLengthOf(storage, shape) };
    checkSize(tensor, facts);
    tensors.set(name, tensor);
    return tensor;
  };
  const tensorOf = (name: string): DeviceTensor => {
    const known = tensors.get(name);
    if (known !== undefined) return known;
    const values = hostValues.get(name);
    if (values === undefined) throw new TypeError(`the value ${name} is not there yet`);
    uploads.set(name, { name, values: (current) => valueOf(current, name) });
    return describe(name, values.dataType, values.shape);
  };
  const describeOutput = ({ name, dataType, shape }: Value): DeviceTensor => describe(name, dataType, evaluateShape(shape, dimensions));

  const contextOf = (node: GraphNode): PlanContext => {
    let scratches = 0;
    return {
      facts,
      dimensions,
      scratch: (storage, elements) => describe(`${node.outputs[0]?.name} scratch ${scratches++}`, storage, [elements]),
      hostValues: ({ name }) => hostValues.get(name) ?? hostValues.get(rootOf(name)),
      derived(key, elements, from, compute) {
        const source = rootOf(from.name);
        const name = `derived ${key} of ${source}`;
        uploads.set(name, {
          name,
          values: (current) => ({ dataType: "int32", shape: [elements], data: compute(valueOf(current, source)) }),
        });
        return tensors.get(name) ?? describe(name, "int32", [elements]);
      },
    };
  };

  for (const placed of split.nodes) {
    const { node, place } = placed;
    if (place === "host") continue;
    if (place === "alias") {
      const [input, output] = [tensorOf(node.inputs[0] ?? ""), node.outputs[0]];
      if (output === undefined) throw new TypeError(`${node.operation} has no output`);
      tensors.set(output.name, { ...input, name: output.name, shape: evaluateShape(output.shape, dimensions) });
      roots.set(output.name, rootOf(input.name));
      continue;
    }
    steps.push(...stepsOf(placed, node.inputs.map(tensorOf), node.outputs.map(describeOutput), contextOf(node)));
  }
  for (const { value } of graph.outputs) if (!hostValues.has(rootOf(value))) tensorOf(value);

  const outputs = outputsOf(graph, { tensors, rootOf, hostValues, parameters, dimensions });
  const usage = memoryUsage(steps, outputs, rootOf, tensors);
  const isUpload = ({ name }: MemoryRequest): boolean => uploads.has(name);
  const largest = facts.limits.maxBufferSize;
  return {
    steps,
    roots,
    uploads: [...uploads.values()].filter(({ name }) => usage.requests.some((request) => request.name === name)),
    uploaded: placeTensors(
      usage.requests.filter(isUpload).map((request) => ({ ...request, first: -1 })),
      nothingApart,
      largest,
    ),
    work: placeTensors(
      usage.requests.filter((request) => !isUpload(request) && !parameters.has(request.name)),
      usage.apart,
      largest,
    ),
    outputs,
    readback: placeTensors(
      outputs
        .filter(({ source }) => source === "work" || source === "parameter")
        .map(({ name, byteLength }) => ({ name, byteLength, first: 0, last: 0 })),
      nothingApart,
      largest,
    ),
  };
}

function stepsOf(
  { node, kernels }: Extract<PlacedNode, { place: "device" }>,
  inputs: readonly DeviceTensor[],
  outputs: readonly DeviceTensor[],
  context: PlanContext,
): readonly PlannedStep[] {
  if (outputs.every(({ shape }) => shape.includes(0))) return [];
  const name = node.outputs[0]?.name ?? node.operation;
  const dispatches = kernels.plan({ name, operation: node.operation, attributes: node.attributes, inputs, outputs }, context);
  for (const dispatch of dispatches) checkDispatch(name, dispatch, context.facts);
  return dispatches.map((dispatch) => ({ node: name, dispatch }));
}

/** What a tensor without elements takes all the same, and binds, in bytes: WebGPU binds no nothing. Shaders read four words at once at most. */
const leastBytes = 16;

/** Bytes of a tensor in GPU memory: whole words. */
export function byteLengthOf(storage: Storage, shape: readonly number[]): number {
  const elements = elementCount(shape);
  return elements === 0 ? leastBytes : Math.ceil((elements * (storage === "float16" ? 2 : 4)) / 4) * 4;
}

/** @throws LongspanError `device-limit` when no buffer of the device can hold the tensor. */
export function checkSize({ name, shape, byteLength }: DeviceTensor, { name: device, limits }: DeviceFacts): void {
  if (byteLength <= limits.maxBufferSize) return;
  throw new LongspanError(
    "device-limit",
    `The tensor ${name} ${formatShape(shape)} takes ${byteLength} bytes; a buffer of "${device}" has at most ${limits.maxBufferSize} (maxBufferSize). Use a shorter sequence or a smaller batch, precision "float16" if it is a weight, or a device with larger limits.`,
    { details: { tensor: name, byteLength, limit: "maxBufferSize", largest: limits.maxBufferSize, device } },
  );
}

/** The bytes an operand binds. */
export function boundBytes({ tensor, byteOffset = 0, byteLength }: Operand): number {
  return (byteLength ?? tensor.byteLength - byteOffset) || leastBytes;
}

/** @throws LongspanError `device-limit` for a binding the device cannot make; Error for a dispatch that none could. */
function checkDispatch(node: string, { kernel, operands, workgroups, uniforms }: Dispatch, { name: device, limits }: DeviceFacts): void {
  for (const operand of operands) {
    const bytes = boundBytes(operand);
    if (bytes <= limits.maxStorageBufferBindingSize) continue;
    throw new LongspanError(
      "device-limit",
      `The tensor ${operand.tensor.name} ${formatShape(operand.tensor.shape)} is bound with ${bytes} bytes by the kernel ${kernel.name}; "${device}" binds at most ${limits.maxStorageBufferBindingSize} (maxStorageBufferBindingSize). Use a shorter sequence or a smaller batch, or a device with larger limits.`,
      {
        details: {
          tensor: operand.tensor.name,
          byteLength: bytes,
          limit: "maxStorageBufferBindingSize",
          largest: limits.maxStorageBufferBindingSize,
          device,
        },
      },
    );
  }
  const odd =
    operands.length !== kernel.access.length
      ? `binds ${operands.length} tensors, its kernel takes ${kernel.access.length}`
      : uniforms.byteLength === 0 || uniforms.byteLength % 16 !== 0
        ? `has uniforms of ${uniforms.byteLength} bytes, no multiple of 16`
        : workgroups.some((count) => count > limits.maxComputeWorkgroupsPerDimension)
          ? `starts ${workgroups.join(" x ")} workgroups, at most ${limits.maxComputeWorkgroupsPerDimension} fit one axis`
          : undefined;
  if (odd !== undefined) throw new Error(`The dispatch of ${kernel.name} for ${node} ${odd}.`);
}

interface OutputScope {
  readonly tensors: ReadonlyMap<string, DeviceTensor>;
  readonly rootOf: (name: string) => string;
  readonly hostValues: ReadonlyMap<string, GraphTensor>;
  readonly parameters: ReadonlyMap<string, DeviceTensor>;
  readonly dimensions: ReadonlyMap<string, number>;
}

function outputsOf(graph: Graph, { tensors, rootOf, hostValues, parameters, dimensions }: OutputScope): readonly PlannedOutput[] {
  const types = new Map<string, Value>(
    [...graph.inputs, ...graph.parameters, ...graph.nodes.flatMap((node) => node.outputs)].map((value) => [value.name, value]),
  );
  return graph.outputs.map(({ name, value }) => {
    const type = types.get(value);
    if (type === undefined) throw new TypeError(`there is no value ${value}`);
    const root = rootOf(value);
    const shape = evaluateShape(type.shape, dimensions);
    const source = hostValues.has(root) ? "host" : shape.includes(0) ? "none" : parameters.has(root) ? "parameter" : "work";
    return { name, dataType: type.dataType, shape, source, root, byteLength: tensors.get(value)?.byteLength ?? 0 };
  });
}

interface MemoryUsage {
  readonly requests: readonly MemoryRequest[];
  readonly apart: ReadonlyMap<string, ReadonlySet<string>>;
}

/** From when to when each tensor is used, and which are read and written by one dispatch; a step is a dispatch. */
function memoryUsage(
  steps: readonly PlannedStep[],
  outputs: readonly PlannedOutput[],
  rootOf: (name: string) => string,
  tensors: ReadonlyMap<string, DeviceTensor>,
): MemoryUsage {
  const spans = new Map<string, { first: number; last: number }>();
  const apart = new Map<string, Set<string>>();
  const use = (name: string, at: number): void => {
    const span = spans.get(name);
    if (span === undefined) spans.set(name, { first: at, last: at });
    else span.last = at;
  };
  const separate = (one: string, other: string): void => {
    apart.set(one, (apart.get(one) ?? new Set()).add(other));
  };
  for (const [at, { node, dispatch }] of steps.entries()) {
    const named = dispatch.operands.map(({ tensor }, index) => ({ name: rootOf(tensor.name), access: dispatch.kernel.access[index] }));
    for (const { name } of named) use(name, at);
    for (const { name: written } of named.filter(({ access }) => access === "write")) {
      for (const { name: read } of named.filter(({ access }) => access === "read")) {
        if (read === written) throw new Error(`The dispatch of ${dispatch.kernel.name} for ${node} reads ${read} while it writes it.`);
        separate(read, written);
        separate(written, read);
      }
    }
  }
  for (const { root, source } of outputs) if (source === "work") use(root, steps.length);
  const requests = [...spans].map(([name, span]) => ({ name, byteLength: tensors.get(name)?.byteLength ?? 0, ...span }));
  return { requests, apart };
}

function valueOf(values: ReadonlyMap<string, GraphTensor>, name: string): GraphTensor {
  const found = values.get(name);
  if (found === undefined) throw new TypeError(`the host has no value ${name}`);
  return found;
}
