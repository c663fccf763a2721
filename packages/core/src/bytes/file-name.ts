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

/**
 * A plain file name, or one in a folder inside: `onnx/model.onnx`.
 * @throws LongspanError `unsupported`
 */
export function checkPlainPath(path: string, folder: string): void {
  const segments = path.split("/");
  for (const segment of segments) checkFileName(segment, folder);
  if (segments.length <= 2) return;
  throw new LongspanError("unsupported", `${folder}: ${JSON.stringify(path)} lies more than one folder deep, and is not written.`, {
    details: { folder, path },
  });
}
