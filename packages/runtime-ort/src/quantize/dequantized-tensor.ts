import { type ByteSource, bytesPerElement, type LazyTensor } from "@longspan/core";
import { stridedTensor } from "@longspan/core/adapter";
import { zeroCode } from "./quantize-rows.ts";

/** What a weight's codes, uint8 `[rows, columns]`, and scales, float32 `[rows]`, stand for: float32, computed where it is read. */
export function dequantizedTensor(name: string, codes: LazyTensor, scales: LazyTensor): LazyTensor {
  const [, columns = 1] = codes.shape;
  const width = bytesPerElement("float32");
  let known: Promise<Float32Array> | undefined;
  const readScales = async (): Promise<Float32Array> => new Float32Array((await scales.readBytes(0, scales.byteLength)).slice().buffer);
  const source: ByteSource = {
    name,
    size: codes.byteLength * width,
    async read(offset, length, { signal } = {}) {
      known ??= readScales();
      const scaleOf = await known.catch((error: unknown) => {
        // To be read again.
        known = undefined;
        throw error;
      });
      // A range need not begin and end with whole elements.
      const [first, last] = [Math.floor(offset / width), Math.ceil((offset + length) / width)];
      const found = await codes.readBytes(first, last - first, { signal });
      const values = new Float32Array(found.length);
      for (let index = 0; index < values.length; index++) {
        const row = Math.floor((first + index) / columns);
        values[index] = (scaleOf[row] as number) * ((found[index] as number) - zeroCode);
      }
      return new Uint8Array(values.buffer, offset - first * width, length);
    },
    close: async () => {},
  };
  return stridedTensor({ name, dataType: "float32", shape: codes.shape, storage: { source, offset: 0, byteLength: source.size } });
}
