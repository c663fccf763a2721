import type { ByteSink } from "@longspan/core";

/**
 * Hands pieces to a sink one after the other without waiting for each, so that small records between tensors do not stop the
 * overlap of reading and writing. Counts bytes. Every buffer must stay as it is until `finish`.
 */
export class OrderedWrites {
  readonly sink: ByteSink;
  /** Bytes handed over so far. */
  position = 0;
  readonly #writes: Promise<void>[] = [];

  constructor(sink: ByteSink) {
    this.sink = sink;
  }

  write(bytes: Uint8Array): void {
    this.position += bytes.length;
    const written = this.sink.write(bytes);
    // The failure is kept for `finish`; until then it must not count as unhandled.
    written.catch(() => {});
    this.#writes.push(written);
  }

  /** Bytes that somebody else handed to the sink, such as a tensor's. */
  skip(byteLength: number): void {
    this.position += byteLength;
  }

  /** Waits for the pieces. @throws the first failure among them. */
  async finish(): Promise<void> {
    await Promise.all(this.#writes);
  }
}
