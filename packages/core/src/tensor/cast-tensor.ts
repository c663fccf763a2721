import { LongspanError } from "../errors/longspan-error.ts";
import { floatConversion } from "./convert-floats.ts";
import type { DataType } from "./data-type.ts";
import { bytesPerElement } from "./data-type.ts";
import type { LazyTensor } from "./lazy-tensor.ts";
import { readChunks, readTensor } from "./read-tensor.ts";

/**
 * The tensor in another float type, converted while it is read (round to nearest, ties to even).
 * @throws LongspanError `data-type-mismatch` for anything but floats; `value-overflow` while reading, when a finite value has no finite neighbour in the target, or an infinity no infinity.
 */
export function castTensor(tensor: LazyTensor, dataType: DataType): LazyTensor {
  if (tensor.dataType === dataType) return tensor;
  const convert = floatConversion(tensor.dataType, dataType);
  const sourceBytes = bytesPerElement(tensor.dataType);
  const targetBytes = bytesPerElement(dataType);
  const cast: LazyTensor = {
    kind: "tensor",
    name: tensor.name,
    dataType,
    shape: tensor.shape,
    byteLength: (tensor.byteLength / sourceBytes) * targetBytes,
    // Of its own: two views of one storage, cast, are not the same values. But it is read as the tensor is: see `pieceLength`.
    storage: { identity: {}, elementOffset: 0, strides: tensor.storage.strides },
    async readBytes(offset, length, options = {}) {
      const elements = length / targetBytes;
      const found = await tensor.readBytes((offset / targetBytes) * sourceBytes, elements * sourceBytes, { signal: options.signal });
      const target = options.into?.subarray(0, length) ?? new Uint8Array(length);
      const { overflows } = convert(found, target);
      if (overflows > 0) {
        throw new LongspanError(
          "value-overflow",
          `Tensor "${tensor.name}": ${overflows} of its ${tensor.dataType} values are beyond the largest ${dataType}. Keep ${tensor.dataType}, or choose a type with a wider range (bfloat16 reaches as far as float32).`,
          { details: { tensor: tensor.name, from: tensor.dataType, to: dataType, overflows } },
        );
      }
      return target;
    },
    read: (options) => readTensor(cast, options),
    chunks: (options) => readChunks(cast, options),
  };
  return cast;
}
