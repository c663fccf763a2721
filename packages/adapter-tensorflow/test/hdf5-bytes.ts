/** The pieces of a file in HDF5 1.8's newer format, made by hand: addresses are bytes from the beginning. No checksum is right; none is read. */
export interface Hdf5Bytes {
  /** Places a piece behind those before it; gives its address. */
  put(bytes: Uint8Array): number;
  /** A group's or dataset's header of these messages. */
  object(messages: readonly HeaderMessageBytes[]): number;
  /** The whole file, whose root is at this address. */
  file(root: number): Uint8Array;
}

export interface HeaderMessageBytes {
  readonly type: number;
  readonly body: Uint8Array;
}

export function hdf5Bytes(): Hdf5Bytes {
  const superblockBytes = 48;
  const pieces: Uint8Array[] = [];
  let end = superblockBytes;
  function put(bytes: Uint8Array): number {
    pieces.push(bytes);
    end += bytes.byteLength;
    return end - bytes.byteLength;
  }
  return {
    put,
    object(messages) {
      const bodies = joined(
        ...messages.map(({ type, body }) => joined(Uint8Array.of(type), integer(body.byteLength, 2), Uint8Array.of(0), body)),
      );
      return put(joined(text("OHDR"), Uint8Array.of(2, 2), integer(bodies.byteLength, 4), bodies, integer(0, 4)));
    },
    file(root) {
      const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
      const none = new Uint8Array(8).fill(0xff);
      return joined(signature, Uint8Array.of(2, 8, 8, 0), integer(0, 8), none, integer(end, 8), integer(root, 8), integer(0, 4), ...pieces);
    },
  };
}

/** A link message: a member of a group. */
export function link(name: string, address: number): HeaderMessageBytes {
  return { type: 6, body: joined(Uint8Array.of(1, 0, name.length), text(name), integer(address, 8)) };
}

/** Little endian. */
export function integer(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256);
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.byteLength;
  }
  return whole;
}
