import type { FileSet } from "../bytes/file-set.ts";
import type { Container } from "./container.ts";

/** Where in a folder the checkpoint lies. */
export interface FolderEntry {
  /** The folder that the entry lies in: the one asked about, or one inside it. */
  readonly files: FileSet;
  /** The file to open; undefined: `files` is a model's folder, to be looked into like any other. */
  readonly fileName?: string | undefined;
  /** What opens the file, where its bytes alone do not tell that others belong to it. Default: what claims its bytes. */
  readonly container?: Container | undefined;
  /** Where config.json and the tokenizer are looked for. Default: `files`. See `joinedFileSet`. */
  readonly sidecarFiles?: FileSet | undefined;
  /** Sentences for the user. */
  readonly warnings: readonly string[];
}

/**
 * A kind of folder that is one checkpoint, or holds some, without a weights file of a well-known name: the shards of a training run, the runs of
 * a training, a cache.
 */
export interface FolderKind {
  /** Kebab case: `deepspeed`. Of two adapters' kinds of one name, the first is asked. */
  readonly name: string;
  /**
   * Where the checkpoint lies, when the folder is of this kind; undefined when it is not. It looks at names, and at small files.
   * @param fileName The file of the folder that the user named; undefined: the folder as such, which has no weights file of a well-known name.
   * @throws LongspanError `ambiguous-format` where the user has to choose among several (the message names them); `not-found`, `unsupported` where the
   *   folder, or the named file, is of this kind and cannot be opened: what it is, and what to give instead.
   */
  find(files: FileSet, fileName: string | undefined): Promise<FolderEntry | undefined>;
  /** A sentence for the user when a folder with a weights file of a well-known name also is of this kind, and more can be had from it. */
  beside?(files: FileSet, fileName: string): Promise<string | undefined>;
}
