import type { ByteSource } from "@longspan/core";

/** A file of a repository at one commit. */
export interface RepositoryFile {
  /** Path in the repository, with `/`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of a large file, git's blob id of a small one: names it in the cache, and proves its bytes. */
  readonly etag: string;
}

/** A file to be fetched: its bytes, from anywhere. */
export interface Download {
  readonly commit: string;
  readonly file: RepositoryFile;
  /** Opened when bytes are missing. */
  readonly open: () => Promise<ByteSource>;
  readonly onBytes: (done: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** Where downloaded files stay, for one repository. */
export interface HubStore {
  /** For messages: where that is. */
  readonly name: string;
  /** The commit that a branch or tag had when it was last asked for. */
  commitOf(revision: string): Promise<string | undefined>;
  saveCommit(revision: string, commit: string): Promise<void>;
  /** Files of a commit that are here. */
  list(commit: string): Promise<readonly RepositoryFile[]>;
  find(commit: string, path: string): Promise<ByteSource | undefined>;
  /** Fetches a file, goes on where an earlier try ended, proves its bytes, and opens it. @throws LongspanError `malformed` for other bytes than the etag names; what reading and writing throw. */
  download(download: Download): Promise<ByteSource>;
}
