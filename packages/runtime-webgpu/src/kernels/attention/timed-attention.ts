import type { GraphTensor } from "@longspan/core/graph";
import { maskCodes } from "@longspan/core/graph";
import type { LiveDevice } from "../../device/live-device.ts";
import { bufferUsage } from "../../device/gpu-constants.ts";
import { createTensorBuffers, destroyAll } from "../../device/timed-dispatches.ts";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch, Storage } from "../../kernel/kernel.ts";
import { checkSize, deviceTensor, scratchTensors } from "../../kernel/tensor-bytes.ts";
import { floatStorage, type FloatStorage } from "../parts/float-storage.ts";
import type { AttentionShape } from "./attention-plan.ts";
import { longformerAttentionKernels, type LongformerAttentionOptions } from "./longformer-attention.ts";

/** A node of `longformerAttention` that is to be timed by itself. */
export interface TimedAttention {
  /** In the order of the operation's inputs, each with a name of its own. */
  readonly inputs: readonly DeviceTensor[];
  readonly context: DeviceTensor;
  /** What lies in the mask, `[batch, sequence]`. */
  readonly mask: GraphTensor;
  readonly heads: number;
  /** Both sides of it. */
  readonly window: number;
}

/** Its dispatches; and, by the names of tensors, what is in memory that they bind and that is neither an input nor the context. */
export interface PlannedAttention {
  readonly dispatches: readonly Dispatch[];
  readonly contents: ReadonlyMap<string, Int32Array>;
}

/** @throws LongspanError `device-limit` for what cannot be bound. */
export function planTimedAttention(
  facts: DeviceFacts,
  { inputs, context, mask, heads, window }: TimedAttention,
  options: LongformerAttentionOptions,
): PlannedAttention {
  const contents = new Map<string, Int32Array>();
  const create = scratchTensors();
  const dispatches = longformerAttentionKernels(options).plan(
    { name: context.name, operation: "longformerAttention", attributes: { heads, window }, inputs, outputs: [context] },
    {
      facts,
      dimensions: new Map(),
      scratch: create,
      hostValues: ({ storage }) => (storage === "int32" ? mask : undefined),
      derived(_, elements, __, compute) {
        const tensor = create("int32", elements);
        contents.set(tensor.name, compute(mask));
        return tensor;
      },
    },
  );
  return { dispatches, contents };
}

/** Whether a kernel of attention is for the window, and not for global tokens. */
export function isOfWindow(kernel: string): boolean {
  return kernel.startsWith("window") || kernel === "combine-splits-window";
}

/** The tensors of a shape: the first tokens of each item are global, as many as there are slots, and the others local. */
export function timedAttentionOf(shape: AttentionShape): TimedAttention {
  const { batch, sequence, hidden, heads, oneSided, slots, queryStorage, joined, hiddenStorage, weightStorage, contextStorage } = shape;
  const tensor = (name: string, sizes: readonly number[], storage: Storage = "float32"): DeviceTensor =>
    deviceTensor(`${name} of attention`, storage, sizes);
  const tokens = [batch, sequence, hidden];
  const whole = tensor("query, key and value", [batch, sequence, 3 * hidden], queryStorage);
  const rows = ["query", "key", "value"].map((name, at): DeviceTensor => {
    const own = tensor(name, tokens, queryStorage);
    return joined ? { ...own, columnsOf: { tensor: whole, offset: at * hidden, rowStride: 3 * hidden } } : own;
  });
  const weights = ["query", "key", "value"].flatMap((name) => [
    tensor(`global ${name} weight`, [hidden, hidden], weightStorage),
    tensor(`global ${name} bias`, [hidden]),
  ]);
  const data = new Int32Array(batch * sequence).fill(maskCodes.local);
  for (let item = 0; item < batch; item++) data.fill(maskCodes.global, item * sequence, item * sequence + slots);
  return {
    inputs: [...rows, tensor("hidden states", tokens, hiddenStorage), tensor("mask", [batch, sequence], "int32"), ...weights],
    context: tensor("context", tokens, contextStorage),
    mask: { dataType: "int32", shape: [batch, sequence], data },
    heads,
    window: 2 * oneSided,
  };
}

/** Memory for its inputs and its context, by the names of tensors. */
export interface AttentionMemory {
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  destroy(): void;
}

/**
 * Filled with noise, since how long softmax takes depends on where scores are highest.
 * @throws LongspanError `device-limit` for a tensor larger than a buffer may be; `out-of-memory`, `device-lost`.
 */
export async function createAttentionMemory(live: LiveDevice, { inputs, context, mask }: TimedAttention): Promise<AttentionMemory> {
  const tensors = [
    ...new Map([...inputs, context].map(({ columnsOf, ...own }) => columnsOf?.tensor ?? own).map((one) => [one.name, one])).values(),
  ];
  for (const tensor of tensors) checkSize(tensor, live.facts);
  const buffers = await createTensorBuffers(live, tensors);
  const destroy = (): void => destroyAll(buffers.values());
  try {
    const isWeight = ({ shape: [rows, columns], shape }: DeviceTensor): boolean => shape.length === 2 && rows === columns;
    const noisy = tensors.filter(({ shape, storage }) => shape.length > 1 && storage !== "int32");
    await live.scoped("noise for attention", () => {
      for (const { name, storage } of tensors) {
        const buffer = buffers.get(name);
        if (buffer !== undefined && storage === "int32") live.device.queue.writeBuffer(buffer, 0, new Int32Array(mask.data));
      }
      const encoder = live.device.createCommandEncoder();
      const patterns: GPUBuffer[] = [];
      for (const tensor of noisy) {
        const target = buffers.get(tensor.name);
        if (target === undefined) continue;
        const pattern = live.device.createBuffer({ size: patternBytes, usage: bufferUsage.copySource | bufferUsage.copyDestination });
        patterns.push(pattern);
        // Weights that keep about the size of what they project.
        const exponent = isWeight(tensor) ? -Math.ceil(Math.log2(tensor.shape[0] ?? 1) / 2) : -1;
        live.device.queue.writeBuffer(pattern, 0, noise(floatStorage(tensor.storage), exponent, patterns.length));
        for (let at = 0; at < tensor.byteLength; at += patternBytes)
          encoder.copyBufferToBuffer(pattern, 0, target, at, Math.min(patternBytes, tensor.byteLength - at));
      }
      live.device.queue.submit([encoder.finish()]);
      destroyAll(patterns);
    });
  } catch (error) {
    destroy();
    throw error;
  }
  return { buffers, destroy };
}

/** No multiple of what rows are long, so that neighbours differ. */
const patternBytes = 4 * 65_521;

/** Numbers of either sign, from 2 to the exponent up to twice that, the same for the same seed: their bits, as they lie in memory. */
function noise(storage: FloatStorage, exponent: number, seed: number): Int32Array<ArrayBuffer> {
  let state = Math.imul(seed, 0x9e3779b9);
  const keep = storage === "float16" ? 0x83ff83ff : 0x807fffff;
  const exponents = storage === "float16" ? ((exponent + 15) << 10) * 0x10001 : (exponent + 127) << 23;
  return Int32Array.from({ length: patternBytes / 4 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (((state >>> 8) ^ (state << 17)) & keep) | exponents;
  });
}
