/** Where one file's bytes go, in the order of the `write` calls. */
export interface ByteSink {
  /** The buffer may be reused once the promise resolves. A call need not wait for the one before it. */
  write(bytes: Uint8Array): Promise<void>;
  /** Waits for all writes. @throws LongspanError the first failure of any write. */
  close(): Promise<void>;
}

/**
 * Where a conversion's files go. Nothing is visible under its final name before `commit()`; `abort()` leaves nothing behind.
 * Exactly one of the two ends the sink's life.
 */
export interface DirectorySink {
  /** For messages and reports: where the files will be. */
  readonly name: string;
  /** Opens a new file of that plain name, or of one in a folder inside (`onnx/model.onnx`); the previous one must be closed. */
  file(fileName: string): Promise<ByteSink>;
  /** Names (with their folder, `onnx/model.onnx`) matching any of these belong to an older output of the same kind and go when `commit` replaces it. */
  supersede(patterns: readonly RegExp[]): void;
  /** Makes all files visible and returns their final paths, in the order they were opened. */
  commit(): Promise<readonly string[]>;
  /** Takes back all that was written; an output that was there before stays as it was. */
  abort(): Promise<void>;
}
