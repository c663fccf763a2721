import { type ErrorCode, LongspanError } from "@longspan/core";
import type { MemoryBudget } from "@longspan/core/adapter";
import { PickleError, readPickle } from "@longspan/pickle";
import type { PickleErrorCode, PickleReading, PickleSource } from "@longspan/pickle";

const codes: Readonly<Partial<Record<PickleErrorCode, ErrorCode>>> = {
  "pickle-truncated": "truncated",
  "pickle-limit": "limit-exceeded",
  "pickle-unsupported": "unsupported",
};

/**
 * `readPickle` with errors that name the file.
 * @param part What the pickle is in the file: `archive/data.pkl`.
 * @param budget What its values may take of memory; they are accounted for.
 * @throws LongspanError `truncated`, `malformed`, `unsupported`, `limit-exceeded`; what the source throws.
 */
export async function readPickleOf(
  { file, part, budget }: { readonly file: string; readonly part: string; readonly budget: MemoryBudget },
  source: PickleSource,
  offset = 0,
): Promise<PickleReading> {
  try {
    const reading = await readPickle(source, { offset, limits: { memory: budget.left } });
    budget.spend(reading.memory);
    return reading;
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    if (error.limit === "memory") throw budget.exceeded(`${file} (${part})`);
    const code = codes[error.code] ?? "malformed";
    const hint =
      code === "limit-exceeded"
        ? "Split the checkpoint into several files."
        : "The file is damaged or was cut off: copy or download it again.";
    throw new LongspanError(code, `${file} (${part}): ${error.message}. ${hint}`, {
      cause: error,
      details: { file, part, offset: error.offset, pickleCode: error.code },
    });
  }
}
