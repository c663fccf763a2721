import { type ByteSource, bytesPerElement, elementCount, type LazyTensor } from "@longspan/core";
import { stridedTensor } from "@longspan/core/adapter";
import type { Graph } from "@longspan/core/graph";
import type { Weights } from "@longspan/core/runtime";
import { repeatedSource } from "./repeated-source.ts";

/** Values of the sequence that all weights are cut from. */
const values = 2 ** 20;
/** Half the width of a uniform distribution with the standard deviation 1. */
const unit = Math.sqrt(3);

/**
 * Weights for any graph of a Longformer, the same in every process and language (fixtures/make_base_noise.py makes them with numpy), at the
 * speed of copying memory. A parameter's values are those of one sequence of pseudo-random numbers, from a place that its name gives: a
 * matrix has the standard deviation 0.04, a bias 0.1, and the scale of a normalization is 1 with 0.1 around it. So scores of attention
 * spread by about 1, as in trained models, and no layer's values grow or vanish.
 */
export function seededModelWeights(graph: Graph): Weights {
  const sequence = uniformSequence();
  const matrices = repeated(sequence.map((value) => value * 0.04 * unit));
  const biases = repeated(sequence.map((value) => value * 0.1 * unit));
  const scales = repeated(sequence.map((value) => 1 + value * 0.1 * unit));
  return new Map(
    graph.parameters.map(({ name, shape: dimensions }): [string, LazyTensor] => {
      const shape = dimensions.map(Number);
      const source = shape.length > 1 ? matrices : name.endsWith("LayerNorm.weight") ? scales : biases;
      const byteLength = elementCount(shape) * bytesPerElement("float32");
      const offset = (hashOf(name) % values) * bytesPerElement("float32");
      return [name, stridedTensor({ name, dataType: "float32", shape, storage: { source, offset, byteLength } })];
    }),
  );
}

/** Between -1 and 1: the upper bits of a linear congruential generator (Numerical Recipes, "ranqd1"). */
function uniformSequence(): readonly number[] {
  let state = 0x9e3779b9;
  return Array.from({ length: values }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** FNV-1a of the name's UTF-8, 32 bits. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** A file without an end that repeats these values. */
function repeated(block: readonly number[]): ByteSource {
  return repeatedSource("seeded weights", Float32Array.from(block), Number.MAX_SAFE_INTEGER);
}
