import { checkpointInput, filesFileSet, type CheckpointInput, type ProgressListener } from "@longspan/core";
import { hubModel } from "@longspan/hub";
import type { ModelPlace } from "../protocol/model-place.ts";
import { PageFailure } from "../protocol/problem.ts";
import { keptFolder } from "../storage/kept-folders.ts";
import { directoryFiles } from "./directory-files.ts";
import { checkAllowed } from "./allowed-places.ts";

export interface OpenPlaceOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** Reads of files on the Hub are ranges, and leave nothing in the cache: for a look at headers. */
  readonly remote?: boolean | undefined;
}

/** The files of a place. @throws LongspanError `not-found`, `permission-denied`, `network-failed`, `aborted`, …; PageFailure for an address that the page may not open */
export async function openPlace(place: ModelPlace, options: OpenPlaceOptions = {}): Promise<CheckpointInput> {
  const { signal, onProgress, remote } = options;
  switch (place.kind) {
    case "example":
      // Relative to the page, which may lie in any folder of a server.
      return checkpointInput(new URL("example/longformer-qa.ckpt", pageAddress()), { signal });
    case "files": {
      const files = place.files.map(({ path, file }) => withPath(file, path));
      return { files: filesFileSet(files), ...(files.length === 1 ? { fileName: files[0]?.name } : {}) };
    }
    case "folder":
      return { files: directoryFiles(place.handle) };
    case "kept":
      return { files: directoryFiles(await keptFolder(place.folder)) };
    case "hub":
      return hubModel(place.name, { signal, onProgress, remote, ...(navigator.onLine ? {} : { offline: true }) });
    default: {
      if (!URL.canParse(place.url)) throw new PageFailure({ code: "address-invalid", message: "", about: place.url });
      const url = new URL(place.url);
      checkAllowed(url);
      return checkpointInput(url, { signal, onProgress });
    }
  }
}

/** Where the page is: the worker itself is a blob, whose address says nothing. */
export function pageAddress(): string {
  return new URL(import.meta.env.DEV ? "/" : "../", import.meta.url).href;
}

/** A file's path is lost on its way here; `filesFileSet` goes by it. */
function withPath(file: File, path: string): File {
  Object.defineProperty(file, "webkitRelativePath", { value: path.includes("/") ? path : "", configurable: true });
  return file;
}
