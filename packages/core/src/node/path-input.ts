import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { checkText } from "../arguments/check-text.ts";
import type { CheckpointInput } from "../bytes/checkpoint-input.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { directoryFileSet } from "./directory-file-set.ts";
import { fileSystemError, systemCodeOf } from "./file-system-error.ts";

/**
 * A path as a checkpoint's place: a folder, or a file among others.
 * @throws LongspanError `not-found`, `permission-denied`; `argument-invalid` for an empty path, and for a pipe or a device.
 */
export async function pathInput(text: string): Promise<CheckpointInput> {
  checkText(text, "The path of a checkpoint", "model.ckpt");
  // It would be the working folder.
  if (text === "")
    throw new LongspanError("argument-invalid", "The path of a checkpoint is empty. Give a path, a folder, or an http(s) URL.");
  const path = resolve(text);
  const stats = await statsOf(path, text);
  if (stats.isDirectory()) return { files: directoryFileSet(path) };
  if (stats.isFile()) return { files: directoryFileSet(dirname(path)), fileName: basename(path) };
  throw new LongspanError(
    "argument-invalid",
    `${text} is a pipe or a device, whose bytes come but once and in their order; those of a checkpoint are read here and there. Save it to a file first.`,
    { details: { path: text } },
  );
}

async function statsOf(path: string, text: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw fileSystemError(error, text, "opened");
    throw new LongspanError("not-found", `There is no file or folder ${text}. Give a path, a folder, or an http(s) URL.`, {
      cause: error,
      details: { path: text },
    });
  }
}
