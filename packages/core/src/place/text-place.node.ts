import { fileURLToPath } from "node:url";
import type { CheckpointInput } from "../bytes/checkpoint-input.ts";
import type { HttpSourceOptions } from "../bytes/http-options.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { pathInput } from "../node/path-input.ts";

/** In Node a text is a path, and a URL that is no http(s) address a file's. @throws LongspanError `not-found`, `argument-invalid`. */
export async function textPlace(place: string | URL, _options: HttpSourceOptions): Promise<CheckpointInput> {
  if (typeof place === "string" && !place.startsWith("file:")) return pathInput(place);
  let path: string;
  try {
    path = fileURLToPath(place);
  } catch (error) {
    throw new LongspanError("argument-invalid", `${String(place)} is no URL of a file. Give a path, or an http(s) or file URL.`, {
      cause: error,
    });
  }
  return pathInput(path);
}
