import { LongspanError } from "@longspan/core";
import { integerOption } from "../running/number-option.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import type { BatchOptions } from "./batch-types.ts";
import type { PoolLimits } from "./row-pool.ts";

export interface BatchLimits {
  readonly pool: PoolLimits;
  /** Items on their way. */
  readonly readAhead: number;
  /** Milliseconds. */
  readonly patience: number;
}

/**
 * What a batch may take, checked.
 * @param maxTokens the longest window of the model
 * @throws LongspanError `argument-invalid`.
 */
export function batchLimits(options: BatchOptions<unknown>, maxTokens: number): BatchLimits {
  const defaults = pipelineDefaults.runBatch;
  const { batchSize } = options;
  return {
    pool: {
      rows: batchSize === undefined ? Infinity : integerOption("batchSize", batchSize, 1),
      tokens: batchSize === undefined ? maxTokens : Infinity,
      padding: numberOption("padding", options.padding ?? defaults.padding, 1),
    },
    readAhead: integerOption("readAhead", options.readAhead ?? defaults.readAhead, 1),
    patience: numberOption("patience", options.patience ?? defaults.patience, 2 ** 31 - 1),
  };
}

function numberOption(option: string, value: number, limit: number): number {
  if (value >= 0 && value < limit) return value;
  throw new LongspanError("argument-invalid", `${option} is ${String(value)}; it is a number, 0 or more and less than ${limit}.`, {
    details: { option, value, limit },
  });
}
