/** Headers and contents come in blocks of this many bytes (POSIX.1-1988, ustar). */
export const blockBytes = 512;

export interface TarHeader {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

/** The name in a member's header; undefined when the bytes are none (its checksum is wrong). */
export function memberName(block: Uint8Array): string | undefined {
  return readHeader(block)?.name;
}

export function readHeader(block: Uint8Array): TarHeader | undefined {
  if (block.length < blockBytes) return undefined;
  let sum = 0;
  for (const [index, byte] of block.subarray(0, blockBytes).entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  if (octal(block.subarray(148, 156)) !== sum) return undefined;
  const size = octal(block.subarray(124, 136));
  if (size === undefined) return undefined;
  return { name: text(block.subarray(0, 100)), size, type: String.fromCharCode(block[156] ?? 0) };
}

/** Octal digits, with spaces before and a space or NUL after; GNU's base-256 numbers (sizes of 8 GiB and more) have the top bit set. */
function octal(bytes: Uint8Array): number | undefined {
  if (((bytes[0] ?? 0) & 0x80) !== 0) {
    let value = (bytes[0] ?? 0) & 0x7f;
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
    return value;
  }
  const digits = text(bytes).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder("latin1").decode(end === -1 ? bytes : bytes.subarray(0, end));
}
