/** How bytes are read. */
export interface ReadOptions {
  /** Ends the read when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** A buffer of at least `length` bytes that the source may fill and return a view of, so that copying loops allocate once. */
  readonly into?: Uint8Array | undefined;
}

/** Buffers that a long copying job lends to what it reads from, so that views need not allocate for each tensor. */
export interface ScratchBuffer {
  /** A buffer of at least that many bytes, 8-byte aligned; its contents are lost at the next call. */
  take(byteLength: number): Uint8Array;
}

/** Random access to bytes that do not change: a file, a Blob, a URL, a buffer. Whoever opened it closes it. */
export interface ByteSource {
  /** For messages: a path, a URL, a file name. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** What its server calls it (RFC 9110, 8.3), such as `text/html; charset=utf-8`; of sources that are no URLs, undefined. */
  readonly mediaType?: string | undefined;
  /**
   * Exactly `length` bytes from `offset`.
   * @throws LongspanError `truncated` when the range leaves the source; `source-changed`, `io-failed`, `network-failed`, `aborted`, `closed`.
   */
  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array>;
  /**
   * Compares what its name leads to now with what was opened; also after `close`. Whoever reads several files, or one of them in several
   * reads, asks at the end: what was read is then of one version. Left out by sources that cannot change, and by those that cannot tell.
   * @throws LongspanError `source-changed`; `network-failed`, `aborted` where the question itself fails.
   */
  checkUnchanged?(options?: Pick<ReadOptions, "signal">): Promise<void>;
  /** `length` bytes from `offset` as a Blob, of which nothing is read yet. Left out by sources that lie in none. */
  blob?(offset: number, length: number): Promise<Blob | undefined>;
  /** Gives back what it holds (a file's handle). Later reads throw `closed`; a second call does nothing more. */
  close(): Promise<void>;
}
