import { bytesPerElement } from "./data-type.ts";
import type { LazyTensor } from "./lazy-tensor.ts";

/**
 * A transposition of up to this many bytes is gathered whole: its source is then read once. Beyond it, piece by piece, each of
 * which reads the source's span again.
 */
const wholeViewBytes = 32 * 2 ** 20;

/**
 * How many bytes of a tensor are best asked for at once, going through all of it.
 * @param plainBytes of a tensor that lies in its own order
 */
export function pieceLength(tensor: LazyTensor, plainBytes: number): number {
  const width = bytesPerElement(tensor.dataType);
  const view = tensor.shape.length > 1 && tensor.storage.strides.at(-1) !== 1;
  if (view && tensor.byteLength <= wholeViewBytes) return Math.max(width, tensor.byteLength);
  // Whole rows of a view, so that a piece is a matrix again.
  const unit = view ? width * (tensor.shape.at(-1) ?? 1) : width;
  return Math.max(1, Math.floor((view ? wholeViewBytes : plainBytes) / unit)) * unit;
}
