import { type ErrorCode, LongspanError } from "@longspan/core";

/** What to do when an archive does not hold together. */
const downloadAgain = "The file is damaged or was cut off: copy or download it again, or write it again with torch.save.";

/** An error about an archive: which file, at which byte, what is wrong, and the way out. */
export function zipError(code: ErrorCode, file: string, offset: number, problem: string, hint: string = downloadAgain): LongspanError {
  return new LongspanError(code, `${file}, byte ${offset}: ${problem}. ${hint}`, {
    details: { file, offset },
  });
}
