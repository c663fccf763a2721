import type { ByteSource } from "./byte-source.ts";

/** The files that lie together: a folder, the siblings of a URL, a list of `File`s. */
export interface FileSet {
  /** For messages: the folder's path or URL. */
  readonly name: string;
  /** The file of that plain name (no path), freshly opened, or undefined when there is none. The caller closes it. */
  resolve(fileName: string): Promise<ByteSource | undefined>;
  /** The names there are, where the set can be listed (a URL cannot). */
  list?(): Promise<readonly string[]>;
  /**
   * The folder of that plain name inside this one, or undefined when there is none. Of a set that cannot be listed it may turn out to be empty.
   * @throws LongspanError `unsupported` for a name that is a path, and for a link that leads out of this folder.
   */
  folder?(folderName: string): Promise<FileSet | undefined>;
  /** The names of the folders inside, where the set can be listed. */
  listFolders?(): Promise<readonly string[]>;
  /** The folder that this one lies in, where there is one and it may be looked into. */
  parent?(): FileSet | undefined;
}
