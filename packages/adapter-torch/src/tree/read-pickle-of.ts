import { LongspanError } from "@longspan/core";
import type { ErrorCode } from "@longspan/core";
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
 * @throws LongspanError `truncated`, `malformed`, `unsupported`, `limit-exceeded`; what the source throws.
 */
export async function readPickleOf(file: string, part: string, source: PickleSource, offset = 0): Promise<PickleReading> {
  try {
    return await readPickle(source, { offset });
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    const code = codes[error.code] ?? "malformed";
    const wayOut =
      code === "limit-exceeded"
        ? "Split the checkpoint into several files."
        : "The file is damaged or was cut off: copy or download it again.";
    throw new LongspanError(code, `${file} (${part}): ${error.message}. ${wayOut}`, {
      cause: error,
      details: { file, part, offset: error.offset, pickleCode: error.code },
    });
  }
}
