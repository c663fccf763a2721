import { type ErrorCode, LongspanError } from "@longspan/core";
import { SafetensorsError, type SafetensorsErrorCode } from "@longspan/safetensors";

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

/** The same error with the file's name in front, as a LongspanError; anything else as it is. */
export function wrapSafetensorsError(error: unknown, fileName: string): unknown {
  if (!(error instanceof SafetensorsError)) return error;
  const details = { file: error.fileName ?? fileName, tensor: error.tensor, offset: error.offset };
  return new LongspanError(codes[error.code], `${fileName}: ${error.message}`, {
    cause: error,
    details,
  });
}
