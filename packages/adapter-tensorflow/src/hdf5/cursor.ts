import { malformed } from "./malformed.ts";

/** How wide the addresses ("offsets") and lengths of a file are, in bytes: its superblock says it. */
export interface Widths {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Reads the little-endian fields of a piece of a file one after the other. Every method throws `malformed` where the piece ends. */
export interface Cursor {
  position(): number;
  rest(): number;
  /** An unsigned integer of 1 to 8 bytes. */
  integer(bytes: number): number;
  /** Undefined: the format's "no address" (all bits set). */
  address(): number | undefined;
  length(): number;
  bytes(count: number): Uint8Array;
  skip(count: number): void;
  /** Skips to a multiple of 8 from the piece's beginning. */
  align(): void;
}

/**
 * @param file The file's name, for messages.
 * @param what What the piece is, for messages: "the superblock".
 * @throws LongspanError `malformed`
 */
export function cursor(bytes: Uint8Array, widths: Widths, file: string, what: string): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;

  function take(count: number): number {
    const start = position;
    if (!(count >= 0 && start + count <= bytes.byteLength)) throw malformed(file, `${what} ends early`);
    position += count;
    return start;
  }

  function integer(count: number): number {
    const start = take(count);
    let value = 0;
    for (let index = count - 1; index >= 0; index--) value = value * 256 + view.getUint8(start + index);
    if (!Number.isSafeInteger(value)) throw malformed(file, `${what} has a number beyond 2^53`);
    return value;
  }

  return {
    position: () => position,
    rest: () => bytes.byteLength - position,
    integer,
    address() {
      const start = position;
      if (bytes.subarray(take(widths.offsetBytes), position).every((byte) => byte === 0xff)) return undefined;
      position = start;
      return integer(widths.offsetBytes);
    },
    length: () => integer(widths.lengthBytes),
    bytes(count) {
      const start = take(count);
      return bytes.subarray(start, start + count);
    },
    skip(count) {
      take(count);
    },
    align() {
      take((8 - (position % 8)) % 8);
    },
  };
}
