import type { ByteSource } from "./byte-source.ts";

/** The files that lie together: a folder, the siblings of a URL, a list of `File`s. */
export interface FileSet {
  /** For messages: the folder's path or URL. */
  readonly name: string;
  /** The file of that plain name (no path), freshly opened, or undefined when there is none. The caller closes it. */
  resolve(fileName: string): Promise<ByteSource | undefined>;
  /** The names there are, where the set can be listed (a URL cannot). */
  list?(): Promise<readonly string[]>;
}
