/** A file of a chosen or dropped folder: files lose their path when they are posted to a worker. */
export interface ChosenFile {
  /** `folder/sub/name`, or the name alone. */
  readonly path: string;
  readonly file: File;
}

/** Where a model or a checkpoint is. Can be posted, and (all but `files`) kept in a database. */
export type ModelPlace =
  | { readonly kind: "example" }
  | { readonly kind: "files"; readonly files: readonly ChosenFile[] }
  /** Handles cannot be told apart without waiting: the id is of whoever chose the folder. */
  | { readonly kind: "folder"; readonly handle: FileSystemDirectoryHandle; readonly id: string }
  /** A copy in this browser's private file system, by the name of its folder. */
  | { readonly kind: "kept"; readonly folder: string }
  | { readonly kind: "hub"; readonly name: string }
  | { readonly kind: "url"; readonly url: string };

/** Tells one place from another, so that a model is not loaded twice. */
export function placeKey(place: ModelPlace): string {
  switch (place.kind) {
    case "example":
      return "example";
    case "files":
      return `files:${place.files.map(({ path, file }) => `${path} ${file.size} ${file.lastModified}`).join("\n")}`;
    case "folder":
      return `folder:${place.id}`;
    case "kept":
      return `kept:${place.folder}`;
    case "hub":
      return `hub:${place.name}`;
    default:
      return `url:${place.url}`;
  }
}
