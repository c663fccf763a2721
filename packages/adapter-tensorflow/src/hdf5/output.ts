/** Bytes that are laid out before their addresses are all known: little endian, in one growing buffer. */
export interface Output {
  /** Reserves zeroed bytes at a multiple of 8, and returns their address. */
  reserve(bytes: number): number;
  /** An unsigned integer of 1 to 8 bytes, in its place. */
  integer(address: number, bytes: number, value: number): void;
  put(address: number, bytes: Uint8Array): void;
  /** All that was reserved. */
  bytes(): Uint8Array;
}

export function output(): Output {
  let buffer = new Uint8Array(64 * 1024);
  let end = 0;
  return {
    reserve(bytes) {
      const address = aligned(end);
      end = address + bytes;
      if (end > buffer.byteLength) {
        const grown = new Uint8Array(Math.max(end, 2 * buffer.byteLength));
        grown.set(buffer);
        buffer = grown;
      }
      return address;
    },
    integer(address, bytes, value) {
      let rest = value;
      for (let index = 0; index < bytes; index++) {
        buffer[address + index] = rest % 256;
        rest = Math.floor(rest / 256);
      }
    },
    put(address, bytes) {
      buffer.set(bytes, address);
    },
    bytes: () => buffer.subarray(0, end),
  };
}

/** The next multiple of 8. */
export function aligned(position: number): number {
  return Math.ceil(position / 8) * 8;
}
