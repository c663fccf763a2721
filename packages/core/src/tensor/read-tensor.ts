import { LongspanError } from "../errors/longspan-error.ts";
import type { DataType } from "./data-type.ts";
import { bytesPerElement } from "./data-type.ts";
import type { LazyTensor } from "./lazy-tensor.ts";
import { pieceLength } from "./piece-length.ts";
import type { Tensor } from "./tensor.ts";

const defaultChunkBytes = 4 * 2 ** 20;

/**
 * All values of a tensor in one fresh buffer.
 * @throws LongspanError `limit-exceeded` when there is no memory for it.
 */
export async function readTensor(tensor: LazyTensor, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Tensor> {
  return tensorFromBytes(tensor.dataType, tensor.shape, await readRange(tensor, 0, tensor.byteLength, options));
}

/**
 * A range of a tensor's bytes in one fresh buffer, read in pieces: a source is asked for a few MB at once, for what a view needs of it up to 32 MiB.
 * @throws LongspanError `limit-exceeded` when there is no memory for it; what `readBytes` throws.
 */
export async function readRange(
  tensor: LazyTensor,
  start: number,
  byteLength: number,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = allocate(tensor, byteLength);
  const step = pieceLength(tensor, defaultChunkBytes);
  for (let offset = 0; offset < byteLength; offset += step) {
    const into = bytes.subarray(offset, Math.min(offset + step, byteLength));
    const found = await tensor.readBytes(start + offset, into.byteLength, { signal: options.signal, into });
    if (found.buffer !== into.buffer || found.byteOffset !== into.byteOffset) into.set(found);
  }
  return bytes;
}

/** An expanded tensor costs its file nothing, so its size says nothing about the file's. */
function allocate({ name, shape }: LazyTensor, byteLength: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(byteLength);
  } catch (cause) {
    throw new LongspanError(
      "limit-exceeded",
      `Tensor "${name}" [${shape.join(", ")}] cannot be read whole: there is no memory for its ${byteLength} bytes. Read it in pieces: chunks(), readBytes().`,
      { details: { tensor: name, byteLength }, cause },
    );
  }
}

export async function* readChunks(
  tensor: LazyTensor,
  options: { readonly signal?: AbortSignal | undefined; readonly chunkBytes?: number } = {},
): AsyncGenerator<Uint8Array> {
  const width = bytesPerElement(tensor.dataType);
  const chunkBytes = Math.max(width, Math.floor((options.chunkBytes ?? defaultChunkBytes) / width) * width);
  const buffer = new Uint8Array(Math.min(chunkBytes, tensor.byteLength));
  for (let offset = 0; offset < tensor.byteLength; offset += chunkBytes) {
    const length = Math.min(chunkBytes, tensor.byteLength - offset);
    yield await tensor.readBytes(offset, length, { signal: options.signal, into: buffer });
  }
}

/** Little-endian bytes in C order as a typed tensor. Takes the buffer over where its alignment allows. */
export function tensorFromBytes(dataType: DataType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const width = bytesPerElement(dataType);
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const length = byteLength / width;
  switch (dataType) {
    case "float64":
      return { dataType, shape, data: new Float64Array(buffer, byteOffset, length) };
    case "float32":
      return { dataType, shape, data: new Float32Array(buffer, byteOffset, length) };
    case "float16":
    case "bfloat16":
    case "uint16":
      return { dataType, shape, data: new Uint16Array(buffer, byteOffset, length) };
    case "float8_e4m3fn":
    case "float8_e5m2":
    case "uint8":
    case "bool":
      return { dataType, shape, data: new Uint8Array(buffer, byteOffset, length) };
    case "int64":
      return { dataType, shape, data: new BigInt64Array(buffer, byteOffset, length) };
    case "uint64":
      return { dataType, shape, data: new BigUint64Array(buffer, byteOffset, length) };
    case "int32":
      return { dataType, shape, data: new Int32Array(buffer, byteOffset, length) };
    case "uint32":
      return { dataType, shape, data: new Uint32Array(buffer, byteOffset, length) };
    case "int16":
      return { dataType, shape, data: new Int16Array(buffer, byteOffset, length) };
    case "int8":
      return { dataType, shape, data: new Int8Array(buffer, byteOffset, length) };
    default:
      throw new LongspanError("unsupported", `Unknown data type "${String(dataType)}".`, { details: { dataType } });
  }
}
