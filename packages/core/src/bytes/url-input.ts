import type { CheckpointInput } from "./checkpoint-input.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { httpFileSet } from "./http-file-set.ts";
import type { HttpSourceOptions } from "./http-source.ts";

/** A URL as a checkpoint's place: a file and its siblings, or (with a slash at its end) a folder. @throws LongspanError `argument-invalid`. */
export function urlInput(address: string | URL, options: HttpSourceOptions = {}): CheckpointInput {
  if (!URL.canParse(address)) {
    throw new LongspanError("argument-invalid", `${JSON.stringify(address)} is no URL.`, { details: { url: address } });
  }
  const { href, pathname } = new URL(address);
  const fileName = decoded(pathname.slice(pathname.lastIndexOf("/") + 1));
  return { files: httpFileSet(href, options), fileName: fileName === "" ? undefined : fileName };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
