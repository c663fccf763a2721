import { type ByteSource, LongspanError } from "@longspan/core";
import { blockBytes, readHeader } from "./tar-header.ts";

/** A regular file inside a tar archive. */
export interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly byteLength: number;
}

/** torch's archives have four members and an extended header for each; more is something else. */
const maxMembers = 64;

/** An extended header holds a few lines. */
const maxExtendedBytes = 65_536;

const types = { file: "0", oldFile: "\0", extended: "x", globalExtended: "g" } as const;

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

/** `LENGTH KEY=VALUE\n` lines (POSIX.1-2001, pax). */
function extendedRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const match = /^\d+ ([^=]+)=(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) records.set(match[1], match[2]);
  }
  return records;
}
