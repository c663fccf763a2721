import type { ScratchBuffer } from "../bytes/byte-source.ts";
import type { ByteSink } from "../bytes/sink.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { pieceLength } from "../tensor/piece-length.ts";

/** A piece of a plain copy: large enough that system calls cost nothing, small enough for two of them to stay in the processor's cache. */
const pieceBytes = 2 ** 20;

export interface TensorCopier {
  /**
   * Resolves when the sink has been handed the last piece; that write may still be under way (sinks keep the order). Its failure
   * surfaces at a later `copy`, at the sink's `close`, or at `finish`.
   */
  copy(tensor: LazyTensor, to: ByteSink, observe?: (bytes: Uint8Array) => void): Promise<void>;
  /** Waits for the last writes. */
  finish(): Promise<void>;
}

/**
 * Copies tensors with reading, transposing and writing overlapped, across tensors too: while one buffer is being written, the other
 * is filled. Three buffers in all (two, and the scratch that views gather from), reused for every tensor.
 */
export function tensorCopier(options: {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((tensor: LazyTensor, bytes: number) => void) | undefined;
}): TensorCopier {
  const slots: Slot[] = [
    { buffer: growingBuffer(), writing: Promise.resolve() },
    { buffer: growingBuffer(), writing: Promise.resolve() },
  ];
  const scratch = growingBuffer();
  let turn = 0;
  return {
    async copy(tensor, to, observe) {
      const step = pieceLength(tensor, pieceBytes);
      for (let offset = 0; offset < tensor.byteLength; offset += step) {
        throwIfAborted(options.signal);
        const length = Math.min(step, tensor.byteLength - offset);
        const slot = slots[turn++ % slots.length] as Slot;
        await slot.writing;
        const bytes = await tensor.readBytes(offset, length, { signal: options.signal, into: slot.buffer.take(length), scratch });
        observe?.(bytes);
        slot.writing = to.write(bytes);
        // The failure is kept for whoever awaits the slot; until then it must not count as unhandled.
        slot.writing.catch(() => {});
        options.onBytes?.(tensor, length);
      }
    },
    async finish() {
      await Promise.all(slots.map(({ writing }) => writing));
    },
  };
}

interface Slot {
  readonly buffer: ScratchBuffer;
  writing: Promise<void>;
}

/** A buffer that grows to the largest length asked for. */
function growingBuffer(): ScratchBuffer {
  let buffer = new Uint8Array(0);
  return {
    take(byteLength) {
      if (buffer.byteLength < byteLength) buffer = new Uint8Array(byteLength);
      return buffer.subarray(0, byteLength);
    },
  };
}
