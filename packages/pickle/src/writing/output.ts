import type { PicklePayload } from "../values.ts";

/** A piece of a written pickle: bytes, or a place where the caller puts `byteLength` bytes of its own. */
export type PickleSegment = Uint8Array | PicklePayload;

// Bytes of at least this many become a segment of their own, uncopied.
const separateBytes = 64 * 1024;

/** Collects a pickle's bytes; adjacent small pieces end up in one segment. */
export class Output {
  readonly #segments: PickleSegment[] = [];
  #buffer: Uint8Array = new Uint8Array(1024);
  #view: DataView = new DataView(this.#buffer.buffer);
  #length = 0;

  uint8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  uint16(value: number): void {
    const index = this.#reserve(2);
    this.#view.setUint16(index, value, true);
    this.#length += 2;
  }

  /** Also for unsigned values: the bits are the same. */
  int32(value: number): void {
    const index = this.#reserve(4);
    this.#view.setInt32(index, value, true);
    this.#length += 4;
  }

  uint64(value: number): void {
    const index = this.#reserve(8);
    this.#view.setBigUint64(index, BigInt(value), true);
    this.#length += 8;
  }

  /** Big-endian, unlike everything else in a pickle. */
  float64(value: number): void {
    const index = this.#reserve(8);
    this.#view.setFloat64(index, value);
    this.#length += 8;
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length >= separateBytes) {
      this.#flush();
      this.#segments.push(bytes);
      return;
    }
    const index = this.#reserve(bytes.length);
    this.#buffer.set(bytes, index);
    this.#length += bytes.length;
  }

  payload(payload: PicklePayload): void {
    this.#flush();
    this.#segments.push(payload);
  }

  /** The segments in file order. */
  finish(): PickleSegment[] {
    this.#flush();
    return this.#segments;
  }

  #flush(): void {
    if (this.#length > 0) this.#segments.push(this.#buffer.slice(0, this.#length));
    this.#length = 0;
  }

  /** Makes room and returns the index to write at; the buffer may be another one afterwards. */
  #reserve(bytes: number): number {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    return this.#length;
  }
}
