import type { ByteSource } from "@longspan/core";
import type { ReadRange } from "@longspan/core/adapter";
import { cursor } from "./cursor.ts";
import type { Cursor, Widths } from "./cursor.ts";
import { malformed, unsupported } from "./malformed.ts";

const signature = /*#__PURE__*/ Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

/** A superblock may stand behind a user block of 512 bytes, 1,024, and so on: further than this nobody puts it. */
const lastPosition = 2 ** 20;

/** A superblock with 8-byte addresses and a driver block has less. */
const superblockBytes = 256;

export interface Superblock extends Widths {
  readonly base: number;
  readonly root: number;
}

/** Where the superblock lies in the first bytes of a file. */
export function findSignature(head: Uint8Array): number | undefined {
  for (let position = 0; position + signature.length <= head.length; position = nextPosition(position)) {
    if (signature.every((byte, index) => head[position + index] === byte)) return position;
  }
  return undefined;
}

function nextPosition(position: number): number {
  return position === 0 ? 512 : position * 2;
}

/**
 * The superblock of any version ("HDF5 File Format Specification Version 3.0", section II.A).
 * @throws LongspanError `malformed`, `unsupported`.
 */
export async function readSuperblock(source: ByteSource, read: ReadRange): Promise<Superblock> {
  for (let position = 0; position < source.size && position <= lastPosition; position = nextPosition(position)) {
    const bytes = await read(position, Math.min(superblockBytes, source.size - position));
    if (findSignature(bytes) !== 0) continue;
    // A file that ends behind its signature is cut off, which reading further says.
    if (bytes.length === signature.length) await read(position, signature.length + 1);
    return parseSuperblock(bytes, source.name);
  }
  throw malformed(source.name, "it has no HDF5 signature");
}

function parseSuperblock(bytes: Uint8Array, file: string): Superblock {
  const version = bytes[8] ?? 255;
  if (version > 3) throw unsupported(file, `its superblock has version ${version}`);
  const isOld = version < 2;
  const widths = { offsetBytes: bytes[isOld ? 13 : 9] ?? 0, lengthBytes: bytes[isOld ? 14 : 10] ?? 0 };
  for (const width of [widths.offsetBytes, widths.lengthBytes]) {
    if (width !== 2 && width !== 4 && width !== 8)
      throw malformed(file, `its superblock says that addresses or lengths have ${width} bytes`);
  }
  const fields = cursor(bytes, widths, file, "the superblock");
  const { base, root } = isOld ? oldFields(fields, version) : newFields(fields);
  if (base === undefined || root === undefined) throw malformed(file, "its superblock names no root group");
  return { ...widths, base, root };
}

interface Places {
  readonly base: number | undefined;
  readonly root: number | undefined;
}

/** Versions 0 and 1: the root group is a symbol table entry. */
function oldFields(fields: Cursor, version: number): Places {
  fields.skip(version === 0 ? 24 : 28);
  const base = fields.address();
  // Free space, end of file, driver information; then the entry's name offset.
  for (let skipped = 0; skipped < 4; skipped++) fields.address();
  return { base, root: fields.address() };
}

/** Versions 2 and 3: the root group's object header. */
function newFields(fields: Cursor): Places {
  fields.skip(12);
  const base = fields.address();
  // The superblock extension and the end of file.
  for (let skipped = 0; skipped < 2; skipped++) fields.address();
  return { base, root: fields.address() };
}
