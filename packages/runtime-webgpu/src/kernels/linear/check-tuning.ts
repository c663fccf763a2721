import { LongspanError } from "@longspan/core";

/** Which tiling was fastest on a device, shape by shape: made by `tuneLinear`. Plain data, to be kept as JSON. */
export interface LinearTuning {
  /** Of this form. */
  readonly version: 1;
  /** `DeviceFacts.name` of the device it was measured on; on others it says nothing. */
  readonly device: string;
  /** The fastest tiling of each shape that was measured. */
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
  /** Rows of x and of what comes out: tokens. */
  readonly rows: number;
  /** Rows of the weight: numbers that come out for each row. */
  readonly columns: number;
  /** Columns of x and of the weight, over which is summed. */
  readonly inner: number;
  /** How the weight lies in memory. */
  readonly weightStorage: "float32" | "float16";
  /** Of x and what comes out. Default: `float32`. */
  readonly activationStorage?: "float32" | "float16" | undefined;
}

/** @throws LongspanError `argument-invalid` for a tuning that is not of version 1. */
export function checkTuning(tuning: LinearTuning): void {
  if (tuning.version === 1 && Array.isArray(tuning.entries)) return;
  throw new LongspanError(
    "argument-invalid",
    `The tuning of linear layers is of version ${String(tuning.version)}, not 1: make another with tuneLinear.`,
  );
}
