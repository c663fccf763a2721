import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { checkTuning, type LinearShape, type LinearTuning } from "./check-tuning.ts";
import { heuristicTiling, tilingsFor } from "./heuristic-tiling.ts";
import type { ProductShape, Tiling } from "./tiling.ts";

/** Chooses the tiling of a product. */
export type ChooseTiling = (facts: DeviceFacts, shape: ProductShape, rightStorage: "float32" | "float16") => Tiling;

/** Rows that differ by more than this factor from those measured are too far for its result to say anything. */
const reach = 2;

/**
 * By the tuning's entry with these columns, this inner size and storage and the nearest number of rows; by rule where it has none, was
 * made on another device, or names a tiling that the device cannot run.
 * @throws LongspanError `argument-invalid` for a tuning that is not of version 1.
 */
export function chooseTiling(tuning: LinearTuning | undefined): ChooseTiling {
  if (tuning !== undefined) checkTuning(tuning);
  return (facts, shape, rightStorage) => {
    const heuristic = heuristicTiling(facts, shape, rightStorage);
    if (tuning === undefined || tuning.device !== facts.name || shape.rightLayout !== "columns" || shape.stack !== 1) return heuristic;
    const distance = ({ rows }: LinearShape): number => Math.abs(Math.log(rows / shape.rows));
    const [entry] = tuning.entries
      .filter(({ columns, inner, weightStorage }) => columns === shape.columns && inner === shape.inner && weightStorage === rightStorage)
      .filter((candidate) => distance(candidate) <= Math.log(reach))
      .toSorted((left, right) => distance(left) - distance(right));
    return tilingsFor(facts, shape, rightStorage).find(({ name }) => name === entry?.tiling) ?? heuristic;
  };
}
