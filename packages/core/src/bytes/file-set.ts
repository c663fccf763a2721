import type { ByteSource } from "./byte-source.ts";

/** How a file is opened by name. */
export interface ResolveOptions {
  /** Ends the opening. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The file whose content gave the name, by its `ByteSource.name`: an index that names its shards. What somebody else wrote must not
   * choose among all files of this machine, so the name has to lead to a file in this folder, links followed, or beside the file that names
   * it (in Hugging Face's cache all files of a model are links to one folder).
   */
  readonly namedIn?: string | undefined;
}

/** The files that lie together: a folder, the siblings of a URL, a list of `File`s. */
export interface FileSet {
  /** For messages: the folder's path or URL. */
  readonly name: string;
  /**
   * The file of that plain name (no path), freshly opened, or undefined when there is none. The caller closes it.
   * @throws LongspanError `unsupported` for a name that leaves the folder.
   */
  resolve(fileName: string, options?: ResolveOptions): Promise<ByteSource | undefined>;
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
