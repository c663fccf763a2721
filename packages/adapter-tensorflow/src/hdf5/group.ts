import { LongspanError } from "@longspan/core";
import { cursor } from "./cursor.ts";
import type { Hdf5File } from "./hdf5-file.ts";
import { malformed, unsupported } from "./malformed.ts";
import { messageTypes } from "./object-header.ts";
import type { HeaderMessage } from "./object-header.ts";

/** A name in a group and the object it leads to. */
export interface Link {
  readonly name: string;
  /** Of the object's header; undefined for a name of a name (a soft or external link), which is not followed. */
  readonly address: number | undefined;
}

/** Far more than any model has layers, or a layer weights. */
const maxLinks = 100_000;

/** A tree of this height has more leaves than a file has bytes. */
const maxLevels = 16;

/** Nodes of one group's B-tree: with eight names a node, enough for `maxLinks`. */
const maxNodes = 100_000;

/** All names of a group: `maxLinks` of them, long ones. */
const maxHeapBytes = 16 * 2 ** 20;

/** Whether an object's header is a group's. */
export function isGroup(messages: readonly HeaderMessage[]): boolean {
  return messages.some(({ type }) => type === messageTypes.symbolTable || type === messageTypes.linkInfo || type === messageTypes.link);
}

/**
 * The links of a group: in a symbol table (a B-tree of nodes and a heap of names, what h5py writes), or as messages in the header.
 * @throws LongspanError `malformed`, `unsupported` (links in a fractal heap: groups of more than eight names in HDF5 1.8's newer format), `limit-exceeded`, `truncated`.
 */
export async function readLinks(file: Hdf5File, messages: readonly HeaderMessage[]): Promise<Link[]> {
  const links: Link[] = [];
  for (const { type, body } of messages) {
    if (type === messageTypes.symbolTable) await readSymbolTable(file, body, links);
    else if (type === messageTypes.link) add(file, links, parseLinkMessage(file, body));
    else if (type === messageTypes.linkInfo) refuseDenseLinks(file, body);
  }
  return links;
}

function add(file: Hdf5File, links: Link[], link: Link): void {
  if (links.length === maxLinks) {
    throw new LongspanError("limit-exceeded", `${file.name}: a group has more than ${maxLinks} members.`, {
      details: { file: file.name },
    });
  }
  links.push(link);
}

/** Section IV.A.2.r: the addresses of the B-tree and of the local heap. */
async function readSymbolTable(file: Hdf5File, body: Uint8Array, links: Link[]): Promise<void> {
  const fields = cursor(body, file, file.name, "a group's symbol table");
  const tree = fields.address();
  const heap = fields.address();
  if (tree === undefined || heap === undefined) return;
  const names = await readLocalHeap(file, heap);
  const waiting = [{ address: tree, level: maxLevels }];
  let nodes = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { level, children } = await readTreeNode(file, next.address);
    nodes += 1 + children.length;
    if (nodes > maxNodes) throw malformed(file.name, `a group's B-tree has more than ${maxNodes} nodes`);
    // The level falls by one a step, so that no circle can be walked.
    if (level >= next.level) throw malformed(file.name, `the B-tree node at address ${next.address} stands at the wrong level`);
    if (level > 0) waiting.push(...children.toReversed().map((address) => ({ address, level })));
    else for (const child of children) await readSymbols(file, child, names, links);
  }
}

/** Section III.D: "HEAP", version, reserved, bytes and address of the data segment. */
async function readLocalHeap(file: Hdf5File, address: number): Promise<Uint8Array> {
  const what = `the heap at address ${address}`;
  const fields = cursor(await file.read(address, 8 + 2 * file.lengthBytes + file.offsetBytes), file, file.name, what);
  if (text(fields.bytes(4)) !== "HEAP") throw malformed(file.name, `${what} is none`);
  fields.skip(4);
  const length = fields.length();
  fields.length();
  const data = fields.address();
  if (data === undefined) throw malformed(file.name, `${what} has no data`);
  if (length > maxHeapBytes) throw malformed(file.name, `${what} claims ${length} bytes`);
  return file.read(data, length);
}

/** Section III.A.1, type 0: "TREE", type, level, u16 children, two siblings, then keys and children in turn. */
async function readTreeNode(file: Hdf5File, address: number): Promise<{ level: number; children: number[] }> {
  const what = `the B-tree node at address ${address}`;
  const headBytes = 8 + 2 * file.offsetBytes;
  const head = cursor(await file.read(address, headBytes), file, file.name, what);
  if (text(head.bytes(4)) !== "TREE") throw malformed(file.name, `${what} is none`);
  if (head.integer(1) !== 0) throw malformed(file.name, `${what} is not a group's`);
  const level = head.integer(1);
  const count = head.integer(2);
  const entries = cursor(await file.read(address + headBytes, count * (file.lengthBytes + file.offsetBytes)), file, file.name, what);
  const children = Array.from({ length: count }, () => {
    entries.length();
    const child = entries.address();
    if (child === undefined) throw malformed(file.name, `${what} has a child without an address`);
    return child;
  });
  return { level, children };
}

/** Sections III.B and III.C: "SNOD", version, reserved, u16 entries; an entry: name's place in the heap, object, u32 kind, reserved, 16 bytes. */
async function readSymbols(file: Hdf5File, address: number, names: Uint8Array, links: Link[]): Promise<void> {
  const what = `the symbol table node at address ${address}`;
  const head = cursor(await file.read(address, 8), file, file.name, what);
  if (text(head.bytes(4)) !== "SNOD") throw malformed(file.name, `${what} is none`);
  head.skip(2);
  const count = head.integer(2);
  const entryBytes = 2 * file.offsetBytes + 24;
  const entries = cursor(await file.read(address + 8, count * entryBytes), file, file.name, what);
  for (let entry = 0; entry < count; entry++) {
    const name = names.subarray(entries.integer(file.offsetBytes));
    const end = name.indexOf(0);
    if (end < 0) throw malformed(file.name, `${what} has a name outside of its heap`);
    const object = entries.address();
    const isSoft = entries.integer(4) === 2;
    entries.skip(20);
    add(file, links, { name: new TextDecoder().decode(name.subarray(0, end)), address: isSoft ? undefined : object });
  }
}

/** Section IV.A.2.g: version 1, flags, [u8 kind], [creation order], [character set], bytes of the name, the name, and where it leads. */
function parseLinkMessage(file: Hdf5File, body: Uint8Array): Link {
  const fields = cursor(body, file, file.name, "a link");
  const version = fields.integer(1);
  if (version !== 1) throw malformed(file.name, `a link has version ${version}`);
  const flags = fields.integer(1);
  const kind = (flags & 0x08) === 0 ? 0 : fields.integer(1);
  if ((flags & 0x04) !== 0) fields.skip(8);
  if ((flags & 0x10) !== 0) fields.skip(1);
  const name = new TextDecoder().decode(fields.bytes(fields.integer(2 ** (flags & 3))));
  return { name, address: kind === 0 ? fields.address() : undefined };
}

/** Section IV.A.2.c: a group's links may lie in a fractal heap. */
function refuseDenseLinks(file: Hdf5File, body: Uint8Array): void {
  const fields = cursor(body, file, file.name, "a group's link information");
  fields.skip(1);
  if ((fields.integer(1) & 1) !== 0) fields.skip(8);
  if (fields.address() !== undefined) throw unsupported(file.name, 'the names of a group lie in a fractal heap (libver="latest")');
}

function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
