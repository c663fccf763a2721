import { type ErrorCode, LongspanError } from "@longspan/core";
import type { MemoryBudget } from "@longspan/core/adapter";
import { PickleError, type PickleErrorCode } from "@longspan/pickle";

const codes: Readonly<Record<PickleErrorCode, ErrorCode>> = {
  "pickle-truncated": "truncated",
  "pickle-opcode": "malformed",
  "pickle-stack": "malformed",
  "pickle-memo": "malformed",
  "pickle-type": "malformed",
  "pickle-literal": "malformed",
  "pickle-limit": "limit-exceeded",
  "pickle-unsupported": "unsupported",
  "pickle-cycle": "malformed",
  "pickle-unread": "malformed",
  "pickle-source": "io-failed",
};

const hints: Partial<Record<ErrorCode, string>> = {
  truncated: "The file is incomplete: copy or download it again.",
  malformed: "The file is damaged or is no .pdparams file.",
  unsupported: "Load it with Paddle and save it again.",
};

/** The same error with the file's name in front, as a LongspanError; anything else as it is. */
export function wrapPickleError(error: unknown, fileName: string, budget: MemoryBudget): unknown {
  if (!(error instanceof PickleError)) return error;
  if (error.limit === "memory") return budget.exceeded(fileName);
  const code = codes[error.code];
  const hint = hints[code];
  return new LongspanError(code, `${fileName}: ${error.message}.${hint === undefined ? "" : ` ${hint}`}`, {
    cause: error,
    details: { file: fileName, offset: error.offset, opcode: error.opcode },
  });
}
