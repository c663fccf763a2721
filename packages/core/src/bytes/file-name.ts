import { LongspanError } from "../errors/longspan-error.ts";

/**
 * A plain file name: no path, nothing that another system would take for one. Names come from inside checkpoints (a shard index), so they may try to
 * leave the folder.
 * @throws LongspanError `unsupported`
 */
export function checkFileName(fileName: string, folder: string): void {
  const path = fileName === "" || fileName === "." || fileName === ".." || /[/\\:\p{Cc}]/u.test(fileName);
  if (!path) return;
  throw new LongspanError(
    "unsupported",
    `${folder}: ${JSON.stringify(fileName)} is not a plain file name. Only files that lie side by side are read and written.`,
    {
      details: { folder, fileName },
    },
  );
}
