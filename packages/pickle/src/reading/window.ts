import { PickleError } from "../errors.ts";
import { type PickleSource, readExactly, sourceSize } from "../source.ts";

const firstRead = 64 * 1024;
const maxReadAhead = 1024 * 1024;
// After a payload was skipped, only the few opcodes up to the next one are likely wanted.
const readAfterSkip = 4 * 1024;

/**
 * The part of the source that is in memory, read ahead so that opcodes can be decoded without waiting. Reads grow while
 * they follow each other and shrink after a jump; a source in memory is one window.
 */
export class Window {
  bytes: Uint8Array;
  view: DataView;
  /** Offset in the source of the first byte of `bytes`. */
  base: number;
  /** Index in `bytes` of the next byte to decode; past its end after a payload was skipped. */
  position: number;
  /** Offset in the source at which reading must stop. */
  readonly end: number;

  readonly #source: PickleSource | Uint8Array;
  readonly #maxReadAhead: number;
  #readAhead: number;

  /**
   * @param readAhead Bytes to read at least, always; without it reads start at 64 KiB and adapt.
   * @throws PickleError `pickle-source` for a range that is not inside the source.
   */
  constructor(source: PickleSource | Uint8Array, offset: number, end?: number, readAhead?: number) {
    this.#readAhead = readAhead ?? firstRead;
    this.#maxReadAhead = readAhead ?? maxReadAhead;
    const size = sourceSize(source);
    this.end = end ?? size;
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(this.end) || offset < 0 || offset > this.end || this.end > size) {
      throw new PickleError("pickle-source", `The range ${offset} to ${this.end} is not inside the source of ${size} bytes`);
    }
    this.#source = source;
    const inMemory = source instanceof Uint8Array;
    this.bytes = inMemory ? plain(source).subarray(0, this.end) : new Uint8Array(0);
    this.base = inMemory ? 0 : offset;
    this.position = offset - this.base;
    this.view = viewOf(this.bytes);
  }

  /** Offset in the source of the next byte to decode. */
  get offset(): number {
    return this.base + this.position;
  }

  /** Bytes of the source from `position` on, in memory or not. */
  get remaining(): number {
    return this.end - this.base - this.position;
  }

  /** Brings at least `wanted` bytes from `position` on into memory; the caller has checked that so many remain. */
  async refill(wanted: number): Promise<void> {
    const start = this.offset;
    if (start > this.base + this.bytes.length) this.#readAhead = Math.min(readAfterSkip, this.#maxReadAhead);
    const length = Math.min(Math.max(wanted, this.#readAhead), this.end - start);
    this.bytes = plain(await readExactly(this.#source, start, length));
    this.view = viewOf(this.bytes);
    this.base = start;
    this.position = 0;
    this.#readAhead = Math.min(this.#readAhead * 2, this.#maxReadAhead);
  }
}

/** A subclass may mean something else by the same methods: the slice of Node's Buffer is no copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
