import type { CheckpointInput } from "./checkpoint-input.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { httpFileSet } from "./http-file-set.ts";
import { lastSegment } from "./http-url.ts";
import type { HttpSourceOptions } from "./http-options.ts";

/** A URL as a checkpoint's place: a file and its siblings, or (with a slash at its end) a folder. @throws LongspanError `argument-invalid`. */
export function urlInput(address: string | URL, options: HttpSourceOptions = {}): CheckpointInput {
  if (!URL.canParse(address)) {
    throw new LongspanError("argument-invalid", `${JSON.stringify(address)} is no URL.`, { details: { url: address } });
  }
  const url = new URL(address);
  const fileName = lastSegment(url);
  return { files: httpFileSet(url, options), fileName: fileName === "" ? undefined : fileName };
}
