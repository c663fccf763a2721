import type { LazyTensor, LongformerSpec } from "@longspan/core";

/** What a classifier adds up at the very end: it is small, and its rounding would be the answer's. */
const lastLayers = /^(?:qa_outputs|classifier|classifier\.out_proj)\.weight$/;

/**
 * Which parameters `q8` keeps in 8 bits, with their shapes: the matrices of linear layers, the global projections among them, and the tables of
 * words and positions. Not the last layer of a classifier, and nothing that is no matrix.
 */
export function quantizedParameters(spec: LongformerSpec, weights: readonly LazyTensor[]): Map<string, readonly [number, number]> {
  return new Map(
    weights.flatMap(({ name, shape }) => {
      const role = spec.parameter(name)?.role;
      const [rows, columns] = shape;
      const quantizes =
        role === "linear" ? !lastLayers.test(name) : role === "embedding" && name !== "embeddings.token_type_embeddings.weight";
      return quantizes && shape.length === 2 && rows !== undefined && columns !== undefined ? [[name, [rows, columns]] as const] : [];
    }),
  );
}
