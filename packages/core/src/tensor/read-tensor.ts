import { LongspanError } from "../errors/longspan-error.ts";
import type { DataType } from "./data-type.ts";
import { bytesPerElement } from "./data-type.ts";
import type { LazyTensor } from "./lazy-tensor.ts";
import { pieceLength } from "./piece-length.ts";
import type { Tensor } from "./tensor.ts";

const defaultChunkBytes = 4 * 2 ** 20;

/**
 * All bytes of a tensor in one fresh buffer, read in pieces: a source is asked for a few MB at once, for what a view needs of it up to 32 MiB.
 * @throws LongspanError `limit-exceeded` when there is no memory for it.
 */
export async function readTensor(tensor: LazyTensor, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Tensor> {
  const bytes = allocate(tensor);
  const step = pieceLength(tensor, defaultChunkBytes);
  for (let offset = 0; offset < bytes.byteLength; offset += step) {
    const length = Math.min(step, bytes.byteLength - offset);
    const into = bytes.subarray(offset, offset + length);
    const found = await tensor.readBytes(offset, length, { signal: options.signal, into });
    if (found.buffer !== into.buffer || found.byteOffset !== into.byteOffset) into.set(found);
  }
  return tensorFromBytes(tensor.dataType, tensor.shape, bytes);
}

/** An expanded tensor costs its file nothing, so its size says nothing about the file's. */
function allocate({ name, shape, byteLength }: LazyTensor): Uint8Array<ArrayBuffer> {
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
