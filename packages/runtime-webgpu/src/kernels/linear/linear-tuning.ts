import { LongspanError } from "@longspan/core";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { heuristicTiling, tilingsFor } from "./heuristic-tiling.ts";
import type { ProductShape, Tiling } from "./tiling.ts";

/** Which tiling was fastest on a device, shape by shape: made by `tuneLinear`. Plain data, to be kept as JSON. */
export interface LinearTuning {
  readonly version: 1;
  /** `DeviceFacts.name` of the device it was measured on; on others it says nothing. */
  readonly device: string;
  readonly entries: readonly LinearTuningEntry[];
}

/** The fastest tiling of one linear layer, as measured. */
export interface LinearTuningEntry extends LinearShape {
  /** The name of the fastest tiling. */
  readonly tiling: string;
  /** Of each tiling that was tried: 10⁹ multiplications and additions a second. */
  readonly gigaflops: Readonly<Record<string, number>>;
}

/** The sizes of a linear layer: x `[rows, inner]`, weight `[columns, inner]`. */
export interface LinearShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly weightStorage: "float32" | "float16";
  /** Of x and what comes out. Default: `float32`. */
  readonly activationStorage?: "float32" | "float16" | undefined;
}

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
  if (tuning !== undefined && (tuning.version !== 1 || !Array.isArray(tuning.entries)))
    throw new LongspanError(
      "argument-invalid",
      `The tuning of linear layers is of version ${String(tuning.version)}, not 1: make another with tuneLinear.`,
    );
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
