import { httpFileSet, type CheckpointInput } from "@longspan/core";

/** A URL as a checkpoint's place: a file and its siblings, or (with a slash at its end) a folder. */
export function urlPlace(url: URL): CheckpointInput {
  const fileName = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf("/") + 1));
  return { files: httpFileSet(url), fileName: fileName === "" ? undefined : fileName };
}
