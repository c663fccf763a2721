import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { bytesPerElement } from "../tensor/data-type.ts";

const pieceBytes = 8 * 2 ** 20;

/** Whether two tensors of one type and shape hold the same bits. */
export async function compareBytes(one: LazyTensor, other: LazyTensor, signal?: AbortSignal): Promise<boolean> {
  const width = bytesPerElement(one.dataType);
  const step = Math.floor(pieceBytes / width) * width;
  for (let offset = 0; offset < one.byteLength; offset += step) {
    const length = Math.min(step, one.byteLength - offset);
    const [left, right] = await Promise.all([one.readBytes(offset, length, { signal }), other.readBytes(offset, length, { signal })]);
    if (!equalBytes(left, right)) return false;
  }
  return true;
}

/** Word by word where both are aligned alike. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteLength !== other.byteLength) return false;
  let index = 0;
  if (one.byteOffset % 4 === 0 && other.byteOffset % 4 === 0) {
    const words = Math.floor(one.byteLength / 4);
    const left = new Uint32Array(one.buffer, one.byteOffset, words);
    const right = new Uint32Array(other.buffer, other.byteOffset, words);
    for (let word = 0; word < words; word++) if (left[word] !== right[word]) return false;
    index = words * 4;
  }
  for (; index < one.byteLength; index++) if (one[index] !== other[index]) return false;
  return true;
}
