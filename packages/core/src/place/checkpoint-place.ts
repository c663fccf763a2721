import { checkSettled } from "../arguments/check-settled.ts";
import type { CheckpointInput } from "../bytes/checkpoint-input.ts";
import { blobSource } from "../bytes/blob-source.ts";
import type { FileSet } from "../bytes/file-set.ts";
import { filesFileSet } from "../bytes/files-file-set.ts";
import type { HttpSourceOptions } from "../bytes/http-options.ts";
import { urlInput } from "../bytes/url-input.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import { textPlace } from "#place";

/**
 * Where a checkpoint is: in Node a path, in browsers a URL, relative to the page; everywhere an http(s) URL (with a slash at its end: a
 * folder), a `File` of the user's, the `File`s of a folder, a set of files whose weights file is looked for, or one file of a set.
 */
export type CheckpointPlace = string | URL | File | Iterable<File> | FileSet | CheckpointInput;

/**
 * A place as a file of a set of files: what `openCheckpoint` makes of what it is given. `options` are for URLs.
 * @throws LongspanError `not-found`; `argument-invalid` for what is no place.
 */
export async function checkpointInput(place: CheckpointPlace, options: HttpSourceOptions = {}): Promise<CheckpointInput> {
  checkSettled(place, "The checkpoint's place", "await before what makes it");
  if (typeof place === "string") return /^https?:\/\//i.test(place) ? urlInput(place, options) : textPlace(place, options);
  if (place instanceof URL) return /^https?:$/.test(place.protocol) ? urlInput(place, options) : textPlace(place, options);
  if (typeof place === "object" && place !== null) {
    if (isFileList(place)) return { files: filesFileSet(place) };
    if (place instanceof Blob) return oneFile(place);
    if ("files" in place && isFileSet(place.files)) return place;
    if (isFileSet(place)) return { files: place };
  }
  throw new LongspanError(
    "argument-invalid",
    `${shownPlace(place)} is no place of a checkpoint. Give a path or URL as text, a File, a list of Files, a set of files (directoryFileSet, httpFileSet, …), or { files, fileName }.`,
  );
}

/** A place's name, for messages. */
export function placeName(place: CheckpointPlace): string {
  if (typeof place === "string" || place instanceof URL) return String(place);
  if ("files" in place) return place.fileName === undefined ? place.files.name : `${place.files.name}: ${place.fileName}`;
  return "name" in place ? place.name : "the chosen files";
}

/** A list of Files: an array, or the `FileList` of an input element. */
function isFileList(place: object): place is Iterable<File> {
  return Symbol.iterator in place && !ArrayBuffer.isView(place) && [...(place as Iterable<unknown>)].every((file) => file instanceof Blob);
}

function isFileSet(value: unknown): value is FileSet {
  return typeof value === "object" && value !== null && "resolve" in value && typeof value.resolve === "function";
}

function oneFile(file: Blob): CheckpointInput {
  const { name } = blobSource(file);
  return {
    files: { name, resolve: async (fileName) => (fileName === name ? blobSource(file) : undefined), list: async () => [name] },
    fileName: name,
  };
}

function shownPlace(place: unknown): string {
  if (typeof place === "function") return "A function";
  if (place instanceof Uint8Array || place instanceof ArrayBuffer)
    return `An array of bytes (wrap it: { files: memoryFileSet("memory", { "model.safetensors": bytes }) })`;
  return place === undefined ? "Nothing" : shownValue(place);
}
