import { type ByteSource, LongspanError } from "@longspan/core";

/** A regular file inside a tar archive. */
export interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly byteLength: number;
}

/** Headers and contents come in blocks of this many bytes (POSIX.1-1988, ustar). */
export const blockBytes = 512;

/** torch's archives have four members and an extended header for each; more is something else. */
const maxMembers = 64;

/** An extended header holds a few lines. */
const maxExtendedBytes = 65_536;

const types = { file: "0", oldFile: "\0", extended: "x", globalExtended: "g" } as const;

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

/** The name in a member's header; undefined when the bytes are none (its checksum is wrong). */
export function memberName(block: Uint8Array): string | undefined {
  return readHeader(block)?.name;
}

/**
 * Lists the members of an uncompressed tar archive. Nothing but plain files is taken: no links, no sparse files.
 * @throws LongspanError `truncated`, `malformed`, `unsupported`, `limit-exceeded`.
 */
export async function readTarMembers(source: ByteSource, signal?: AbortSignal): Promise<ReadonlyMap<string, TarMember>> {
  const fail = (code: "truncated" | "malformed" | "unsupported" | "limit-exceeded", problem: string, at: number): never => {
    const message = `${source.name}, byte ${at}: ${problem}. The file is damaged or was cut off: copy or download it again.`;
    throw new LongspanError(code, message, { details: { file: source.name, offset: at } });
  };
  const members = new Map<string, TarMember>();
  let extended = new Map<string, string>();
  let position = 0;
  for (let headers = 0; position < source.size; headers++) {
    if (headers > maxMembers) fail("limit-exceeded", `the tar archive has more than ${maxMembers} members`, position);
    if (position + blockBytes > source.size) fail("truncated", "a tar header is cut off", position);
    const block = await source.read(position, blockBytes, { signal });
    if (block.every((byte) => byte === 0)) break;
    const header = readHeader(block) ?? fail("malformed", "a tar header's checksum is wrong", position);
    const size = Number(extended.get("size") ?? header.size);
    const name = (extended.get("path") ?? header.name).replace(/^\.\//, "");
    const content = position + blockBytes;
    if (!Number.isSafeInteger(size) || size < 0) fail("malformed", `a tar member's size is ${String(size)}`, position);
    if (content + size > source.size)
      fail("truncated", `the tar member "${name}" takes ${size} bytes, and the file ends after ${source.size - content}`, position);
    if (header.type === types.extended) {
      if (size > maxExtendedBytes) fail("limit-exceeded", `a tar extended header of ${size} bytes`, position);
      extended = extendedRecords(await source.read(content, size, { signal }));
    } else {
      extended = new Map();
      if (header.type === types.file || header.type === types.oldFile) {
        if (members.has(name)) fail("malformed", `a second tar member "${name}"; which is meant cannot be known`, position);
        members.set(name, { name, offset: content, byteLength: size });
      } else if (header.type !== types.globalExtended) {
        fail("unsupported", `the tar member "${name}" is no plain file (type ${JSON.stringify(header.type)})`, position);
      }
    }
    position = content + Math.ceil(size / blockBytes) * blockBytes;
  }
  return members;
}

function readHeader(block: Uint8Array): Header | undefined {
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

/** `LENGTH KEY=VALUE\n` lines (POSIX.1-2001, pax). */
function extendedRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const match = /^\d+ ([^=]+)=(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) records.set(match[1], match[2]);
  }
  return records;
}
