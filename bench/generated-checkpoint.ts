import { type ByteSource, bytesPerElement, type Checkpoint, elementCount, type Head } from "@longspan/core";
import { createLongformerSpec, parseLongformerConfig, stridedTensor } from "@longspan/core/adapter";
import { seededCheckpoint } from "@longspan/core/testing";
import { repeatedSource } from "./repeated-source.ts";

const words = 2 ** 20;

/** Pseudo-random float32 values around 0, made where they are read: a checkpoint of any size without its memory. */
export function noise(size: number): ByteSource {
  const block = new Float32Array(words);
  let state = 0x9e3779b9;
  for (let index = 0; index < words; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    block[index] = (state / 2 ** 32 - 0.5) * 0.2;
  }
  return repeatedSource("noise", block, size);
}

/** A Longformer of that configuration with noise for weights, pooler included. */
export function generatedCheckpoint(raw: Readonly<Record<string, unknown>>, head: Head): Checkpoint {
  const { config } = parseLongformerConfig(raw);
  const spec = createLongformerSpec(config, head);
  const total = spec.parameters.reduce((sum, { shape }) => sum + elementCount(shape) * bytesPerElement("float32"), 0);
  const source = noise(total);
  let offset = 0;
  const tensors = spec.parameters.map(({ name, shape }) => {
    const byteLength = elementCount(shape) * bytesPerElement("float32");
    const tensor = stridedTensor({ name, dataType: "float32", shape, storage: { source, offset, byteLength } });
    offset += byteLength;
    return { sourceName: name, tensor, canonicalName: name, transposed: false, role: "parameter" as const };
  });
  return { ...seededCheckpoint({ head }), config, spec, tensors };
}
