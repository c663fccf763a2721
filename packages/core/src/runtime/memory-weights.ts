import { bytesSource } from "../bytes/bytes-source.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Weights } from "./runtime.ts";

/** Tensors in memory as weights: `memoryWeights({ "qa_outputs.bias": { dataType: "float32", shape: [2], data } })`. The data is not copied. */
export function memoryWeights(tensors: Readonly<Record<string, Tensor>>): Weights {
  return new Map(Object.entries(tensors).map(([name, tensor]) => [name, lazyTensor(name, tensor)]));
}

function lazyTensor(name: string, { dataType, shape, data }: Tensor): LazyTensor {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return stridedTensor({ name, dataType, shape, storage: { source: bytesSource(bytes, name), offset: 0, byteLength: bytes.byteLength } });
}
