import { LongspanError } from "@longspan/core";
import { memoryCosts } from "@longspan/core/adapter";
import { cursor } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { Hdf5File } from "./hdf5-file.ts";
import { malformed } from "./malformed.ts";

/** The types of header messages that are looked at (format specification, section IV.A.2). */
export const messageTypes = {
  dataspace: 0x0001,
  linkInfo: 0x0002,
  datatype: 0x0003,
  link: 0x0006,
  externalFiles: 0x0007,
  layout: 0x0008,
  filters: 0x000b,
  attribute: 0x000c,
  continuation: 0x0010,
  symbolTable: 0x0011,
} as const;

export interface HeaderMessage {
  readonly type: number;
  /** The message is a reference to one that several objects share. */
  readonly shared: boolean;
  readonly body: Uint8Array;
  /** The body's address. */
  readonly address: number;
}

interface Block {
  readonly address: number;
  readonly length: number;
}

/** An object's header has some kilobytes; with attributes of 64 kB each, some hundred. */
const maxHeaderBytes = 4 * 2 ** 20;

/**
 * All messages of an object header, of either version, its continuation blocks included.
 * @throws LongspanError `malformed`, `limit-exceeded`, `truncated`.
 */
export async function readObjectHeader(file: Hdf5File, address: number): Promise<HeaderMessage[]> {
  const prefix = await file.read(address, 16);
  const isNew = prefix[0] === 0x4f && prefix[1] === 0x48 && prefix[2] === 0x44 && prefix[3] === 0x52;
  return isNew ? readNewHeader(file, address) : readOldHeader(file, address, prefix);
}

/** Version 1: version, reserved, u16 messages, u32 references, u32 bytes of the first block, padding to 16. */
async function readOldHeader(file: Hdf5File, address: number, prefix: Uint8Array): Promise<HeaderMessage[]> {
  const fields = cursor(prefix, file, file.name, objectAt(address));
  const version = fields.integer(1);
  if (version !== 1) throw malformed(file.name, `${objectAt(address)} is no object header`);
  fields.skip(7);
  const first = { address: address + 16, length: fields.integer(4) };
  return readBlocks(file, address, first, (block) => oldMessages(file, address, block));
}

/** Version 2: "OHDR", version, flags, optional times and attribute limits, bytes of the first block. */
async function readNewHeader(file: Hdf5File, address: number): Promise<HeaderMessage[]> {
  const longest = 4 + 2 + 16 + 4 + 8;
  const prefix = cursor(
    await file.read(address, Math.min(longest, file.source.size - file.base - address)),
    file,
    file.name,
    objectAt(address),
  );
  prefix.skip(4);
  const version = prefix.integer(1);
  if (version !== 2) throw malformed(file.name, `${objectAt(address)} has version ${version}`);
  const flags = prefix.integer(1);
  if ((flags & 0x20) !== 0) prefix.skip(16);
  if ((flags & 0x10) !== 0) prefix.skip(4);
  const length = prefix.integer(2 ** (flags & 3));
  const hasOrder = (flags & 4) !== 0;
  const first = { address: address + prefix.position(), length };
  return readBlocks(file, address, first, (block, index) => newMessages(file, address, block, { hasOrder, isFirst: index === 0 }));
}

type ReadMessages = (block: Block, index: number) => Promise<HeaderMessage[]>;

async function readBlocks(file: Hdf5File, address: number, first: Block, readMessages: ReadMessages): Promise<HeaderMessage[]> {
  const messages: HeaderMessage[] = [];
  const blocks = [first];
  let bytes = 0;
  for (let index = 0; index < blocks.length; index++) {
    const block = blocks[index];
    if (block === undefined) break;
    // A block of no length could be named again and again.
    bytes += block.length + 1;
    if (bytes > maxHeaderBytes) {
      throw new LongspanError("limit-exceeded", `${file.name}: ${objectAt(address)} has a header of more than ${maxHeaderBytes} bytes.`, {
        details: { file: file.name, address },
      });
    }
    for (const message of await readMessages(block, index)) {
      if (message.type !== messageTypes.continuation) {
        messages.push(message);
        continue;
      }
      const fields = cursor(message.body, file, file.name, objectAt(address));
      const next = fields.address();
      if (next === undefined) throw malformed(file.name, `${objectAt(address)} continues nowhere`);
      blocks.push({ address: next, length: fields.length() });
    }
  }
  return messages;
}

async function oldMessages(file: Hdf5File, address: number, block: Block): Promise<HeaderMessage[]> {
  const fields = cursor(await file.read(block.address, block.length), file, file.name, objectAt(address));
  const messages: HeaderMessage[] = [];
  while (fields.rest() >= 8) {
    const type = fields.integer(2);
    const length = fields.integer(2);
    const flags = fields.integer(1);
    fields.skip(3);
    messages.push(message(file, fields, block, { type, length, flags }));
  }
  return messages;
}

async function newMessages(
  file: Hdf5File,
  address: number,
  block: Block,
  { hasOrder, isFirst }: { readonly hasOrder: boolean; readonly isFirst: boolean },
): Promise<HeaderMessage[]> {
  const bytes = await file.read(block.address, block.length);
  // Further blocks begin with "OCHK"; their length counts it and the checksum at the end.
  const fields = cursor(isFirst ? bytes : bytes.subarray(0, Math.max(0, bytes.byteLength - 4)), file, file.name, objectAt(address));
  if (!isFirst) fields.skip(4);
  const messages: HeaderMessage[] = [];
  while (fields.rest() >= (hasOrder ? 6 : 4)) {
    const type = fields.integer(1);
    const length = fields.integer(2);
    const flags = fields.integer(1);
    if (hasOrder) fields.skip(2);
    messages.push(message(file, fields, block, { type, length, flags }));
  }
  return messages;
}

interface MessageHead {
  readonly type: number;
  readonly length: number;
  readonly flags: number;
}

function message(file: Hdf5File, fields: Cursor, block: Block, { type, length, flags }: MessageHead): HeaderMessage {
  // The message, and its view of the file's bytes.
  file.budget.spend(2 * memoryCosts.entry);
  const position = fields.position();
  return { type, shared: (flags & 2) !== 0, body: fields.bytes(length), address: block.address + position };
}

function objectAt(address: number): string {
  return `the object at address ${address}`;
}
