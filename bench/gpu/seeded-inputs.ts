import type { LongformerConfig } from "@longspan/core";
import { prepareInputs, type SessionInputs } from "@longspan/core/runtime";

/** Ids that differ from row to row, for a size `BxT` (batch x tokens); the first tokens of each row are global. */
export function seededInputs(config: LongformerConfig, size: string, globals: number): SessionInputs {
  const { vocabSize } = config;
  const [batch = 1, tokens = 1] = size.split("x").map(Number);
  const rows = Array.from({ length: batch }, (_, row) => row);
  return prepareInputs(config, "model", {
    input_ids: rows.map((row) => Array.from({ length: tokens }, (_, at) => 3 + (((at + row) * 7919) % (vocabSize - 3)))),
    global_attention_mask: rows.map(() => Array.from({ length: tokens }, (_, at) => Number(at < globals))),
  });
}
