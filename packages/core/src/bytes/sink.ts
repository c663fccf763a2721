/** Where one file's bytes go, in order. A buffer given to `write` may be reused once the promise resolves. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * Where a conversion's files go. Nothing is visible under its final name before `commit()`; `abort()` leaves nothing behind.
 * Exactly one of the two ends the sink's life.
 */
export interface DirectorySink {
  /** For messages and reports: where the files will be. */
  readonly name: string;
  /** Opens a new file of that plain name; the previous one must be closed. */
  file(fileName: string): Promise<ByteSink>;
  /** Names matching any of these belong to an older output of the same kind and go when `commit` replaces it. */
  supersede(patterns: readonly RegExp[]): void;
  /** Makes all files visible and returns their final paths, in the order they were opened. */
  commit(): Promise<readonly string[]>;
  abort(): Promise<void>;
}
