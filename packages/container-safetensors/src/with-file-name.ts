import { type ErrorCode, LongspanError } from "@longspan/core";
import type { MemoryBudget } from "@longspan/core/adapter";
import { SafetensorsError } from "@longspan/safetensors";
import type { SafetensorsErrorCode } from "@longspan/safetensors";

const codes: Readonly<Record<SafetensorsErrorCode, ErrorCode>> = {
  truncated: "truncated",
  malformed: "malformed",
  "duplicate-key": "malformed",
  "limit-exceeded": "limit-exceeded",
  "data-type-unknown": "unsupported",
  "tensor-invalid": "tensor-invalid",
  "trailing-data": "malformed",
  "index-malformed": "malformed",
  "file-name-unsafe": "malformed",
  "shard-mismatch": "malformed",
  "argument-invalid": "argument-invalid",
};

/**
 * Runs `work`; a SafetensorsError becomes a LongspanError that names the file. Other errors pass.
 * @param budget where `work` was given what is left of it as its limit on memory
 */
export async function withFileName<Result>(
  file: string,
  budget: MemoryBudget | undefined,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    if (budget !== undefined && error.limit === "memory") throw budget.exceeded(file);
    const place = error.offset === undefined ? "" : ` (byte ${error.offset})`;
    throw new LongspanError(codes[error.code], `${file}${place}: ${error.message}`, {
      cause: error,
      details: { file, tensor: error.tensor, offset: error.offset, fileName: error.fileName, safetensorsCode: error.code },
    });
  }
}
