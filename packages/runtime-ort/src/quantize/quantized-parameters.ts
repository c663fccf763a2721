import type { LazyTensor } from "@longspan/core";
import { headRecord, type LongformerSpec } from "@longspan/core/adapter";

/**
 * Which parameters `q8` keeps in 8 bits, with their shapes: the matrices of linear layers, the global projections among them, and the tables of
 * words and positions. Not the last layer of a classifier, and nothing that is no matrix.
 */
export function quantizedParameters(spec: LongformerSpec, weights: readonly LazyTensor[]): Map<string, readonly [number, number]> {
  // It is small, and its rounding would be the answer's.
  const last = `${headRecord(spec.head).lastLayer}.weight`;
  return new Map(
    weights.flatMap(({ name, shape }) => {
      const role = spec.parameter(name)?.role;
      const [rows, columns] = shape;
      const quantizes = role === "linear" ? name !== last : role === "embedding" && name !== "embeddings.token_type_embeddings.weight";
      return quantizes && shape.length === 2 && rows !== undefined && columns !== undefined ? [[name, [rows, columns]] as const] : [];
    }),
  );
}
