import { bytesPerElement, type DataType, elementCount } from "@longspan/core";
import {
  dataspaceMessage,
  datatypeMessage,
  fillValueMessage,
  layoutAddressAt,
  layoutMessage,
  symbolTableMessage,
  textAttributeMessage,
} from "./encode-messages.ts";
import type { Message } from "./encode-messages.ts";
import { aligned, output } from "./output.ts";
import type { Output } from "./output.ts";

/** The same object in several groups becomes one dataset with several names (hard links). */
export interface PlannedDataset {
  readonly kind: "dataset";
  /** Whose values it holds, in the caller's words. */
  readonly weight: string;
  readonly dataType: DataType;
  readonly shape: readonly number[];
}

export interface PlannedGroup {
  readonly kind: "group";
  readonly attributes: ReadonlyMap<string, string | readonly string[]>;
  readonly members: ReadonlyMap<string, PlannedGroup | PlannedDataset>;
}

export interface Hdf5Plan {
  /** All but the values: superblock, groups, headers. A multiple of 8 bytes. */
  readonly head: Uint8Array;
  /** In the order in which their values follow the head, each padded to a multiple of 8 bytes. */
  readonly datasets: readonly PlannedDataset[];
}

/** A symbol table node holds twice as many names, a B-tree node twice as many children: HDF5's own defaults. */
const leafK = 4;
const internalK = 16;

const superblockBytes = 96;
const noAddress = /*#__PURE__*/ Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

/**
 * Lays a tree of groups and datasets out as HDF5 does in its oldest format (superblock 0, symbol tables, object headers 1, contiguous
 * datasets: "HDF5 File Format Specification Version 3.0"), which every release and every other reader knows.
 */
export function planHdf5(root: PlannedGroup): Hdf5Plan {
  const out = output();
  out.reserve(superblockBytes);
  const datasets = new Map<PlannedDataset, PlacedDataset>();
  const { header, tree, heap } = writeGroup(out, root, datasets);
  let end = aligned(out.reserve(0));
  for (const [dataset, { layoutAt }] of datasets) {
    const bytes = elementCount(dataset.shape) * bytesPerElement(dataset.dataType);
    if (bytes === 0) out.put(layoutAt, noAddress);
    else out.integer(layoutAt, 8, end);
    end = aligned(end + bytes);
  }
  writeSuperblock(out, { header, tree, heap, end });
  return { head: out.bytes(), datasets: [...datasets.keys()] };
}

interface PlacedDataset {
  readonly header: number;
  /** Where the address of its values is to be put. */
  readonly layoutAt: number;
  /** Names that lead to it. */
  names: number;
}

interface PlacedGroup {
  readonly header: number;
  readonly tree: number;
  readonly heap: number;
}

function writeGroup(out: Output, group: PlannedGroup, datasets: Map<PlannedDataset, PlacedDataset>): PlacedGroup {
  const heap = writeNames(out, [...group.members.keys()]);
  const entries = [...group.members]
    .map(([name, member]) => {
      const nameAt = heap.places.get(name) ?? 0;
      if (member.kind === "dataset") return { name, nameAt, header: writeDataset(out, member, datasets), group: undefined };
      const placed = writeGroup(out, member, datasets);
      return { name, nameAt, header: placed.header, group: placed };
    })
    .toSorted((one, other) => compareBytes(one.name, other.name));
  const tree = writeTree(out, entries);
  const attributes = [...group.attributes].map(([name, value]) => textAttributeMessage(name, value));
  const header = writeHeader(out, [symbolTableMessage(tree, heap.address), ...attributes]);
  return { header, tree, heap: heap.address };
}

function writeDataset(out: Output, dataset: PlannedDataset, datasets: Map<PlannedDataset, PlacedDataset>): number {
  const known = datasets.get(dataset);
  if (known !== undefined) {
    known.names++;
    out.integer(known.header + 4, 4, known.names);
    return known.header;
  }
  const { dataType, shape } = dataset;
  const before = [dataspaceMessage(shape), datatypeMessage(dataType), fillValueMessage()];
  const header = writeHeader(out, [...before, layoutMessage(elementCount(shape) * bytesPerElement(dataType))]);
  const layoutAt = header + 16 + before.reduce((sum, { body }) => sum + 8 + aligned(body.byteLength), 0) + 8 + layoutAddressAt;
  datasets.set(dataset, { header, layoutAt, names: 1 });
  return header;
}

/** Version 1: prefix of 16 bytes, then each message with a head of 8 bytes, padded to 8. */
function writeHeader(out: Output, messages: readonly Message[]): number {
  const length = messages.reduce((sum, { body }) => sum + 8 + aligned(body.byteLength), 0);
  const address = out.reserve(16 + length);
  out.integer(address, 1, 1);
  out.integer(address + 2, 2, messages.length);
  out.integer(address + 4, 4, 1);
  out.integer(address + 8, 4, length);
  let position = address + 16;
  for (const { type, body } of messages) {
    out.integer(position, 2, type);
    out.integer(position + 2, 2, aligned(body.byteLength));
    out.put(position + 8, body);
    position += 8 + aligned(body.byteLength);
  }
  return address;
}

/** A local heap: zero-ended names, each at a multiple of 8, behind an empty one. */
function writeNames(out: Output, names: readonly string[]): { address: number; places: ReadonlyMap<string, number> } {
  const encoder = new TextEncoder();
  const places = new Map<string, number>();
  let length = 8;
  for (const name of names) {
    places.set(name, length);
    length = aligned(length + encoder.encode(name).byteLength + 1);
  }
  const address = out.reserve(32);
  const data = out.reserve(length);
  out.put(address, encoder.encode("HEAP"));
  out.integer(address + 8, 8, length);
  // 1: no free space (H5HL_FREE_NULL).
  out.integer(address + 16, 8, 1);
  out.integer(address + 24, 8, data);
  for (const [name, place] of places) out.put(data + place, encoder.encode(name));
  return { address, places };
}

interface Entry {
  /** Where the name lies in the heap. */
  readonly nameAt: number;
  readonly header: number;
  readonly group: PlacedGroup | undefined;
}

/** Nodes of one level: where each is, and the last of the names below it. */
interface Node {
  readonly address: number;
  readonly lastNameAt: number;
}

/** A B-tree over symbol table nodes. An empty group has a tree without children. */
function writeTree(out: Output, entries: readonly Entry[]): number {
  let nodes: Node[] = pieces(entries, 2 * leafK).map((part) => ({
    address: writeSymbols(out, part),
    lastNameAt: part.at(-1)?.nameAt ?? 0,
  }));
  for (let level = 0; ; level++) {
    const parts = nodes.length === 0 ? [[]] : pieces(nodes, 2 * internalK);
    const addresses = parts.map(() => out.reserve(24 + 2 * internalK * 16 + 8));
    let firstNameAt = 0;
    for (const [index, part] of parts.entries()) {
      writeTreeNode(out, addresses[index] ?? 0, level, {
        children: part,
        firstNameAt,
        left: addresses[index - 1],
        right: addresses[index + 1],
      });
      firstNameAt = part.at(-1)?.lastNameAt ?? 0;
    }
    nodes = parts.map((part, index) => ({ address: addresses[index] ?? 0, lastNameAt: part.at(-1)?.lastNameAt ?? 0 }));
    const [only, ...others] = nodes;
    if (only !== undefined && others.length === 0) return only.address;
  }
}

interface TreeNode {
  readonly children: readonly Node[];
  /** The last name before this node. */
  readonly firstNameAt: number;
  readonly left: number | undefined;
  readonly right: number | undefined;
}

function writeTreeNode(out: Output, address: number, level: number, { children, firstNameAt, left, right }: TreeNode): void {
  out.put(address, new TextEncoder().encode("TREE"));
  out.integer(address + 5, 1, level);
  out.integer(address + 6, 2, children.length);
  for (const [index, sibling] of [left, right].entries()) {
    if (sibling === undefined) out.put(address + 8 + 8 * index, noAddress);
    else out.integer(address + 8 + 8 * index, 8, sibling);
  }
  out.integer(address + 24, 8, firstNameAt);
  for (const [index, child] of children.entries()) {
    out.integer(address + 32 + 16 * index, 8, child.address);
    out.integer(address + 40 + 16 * index, 8, child.lastNameAt);
  }
}

/** "SNOD", version 1, u16 entries; a group's entry repeats where its tree and heap are. */
function writeSymbols(out: Output, entries: readonly Entry[]): number {
  const address = out.reserve(8 + 2 * leafK * 40);
  out.put(address, new TextEncoder().encode("SNOD"));
  out.integer(address + 4, 1, 1);
  out.integer(address + 6, 2, entries.length);
  for (const [index, entry] of entries.entries()) writeEntry(out, address + 8 + 40 * index, entry);
  return address;
}

function writeEntry(out: Output, address: number, { nameAt, header, group }: Entry): void {
  out.integer(address, 8, nameAt);
  out.integer(address + 8, 8, header);
  if (group === undefined) return;
  out.integer(address + 16, 4, 1);
  out.integer(address + 24, 8, group.tree);
  out.integer(address + 32, 8, group.heap);
}

/** Version 0 (section II.A): 8-byte addresses and lengths; the root's entry at the end. */
function writeSuperblock(out: Output, { end, ...root }: PlacedGroup & { readonly end: number }): void {
  out.put(0, Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a));
  out.put(13, Uint8Array.of(8, 8));
  out.integer(16, 2, leafK);
  out.integer(18, 2, internalK);
  out.put(32, noAddress);
  out.integer(40, 8, end);
  out.put(48, noAddress);
  writeEntry(out, 56, { nameAt: 0, header: root.header, group: root });
}

function pieces<Item>(items: readonly Item[], length: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, index) => items.slice(index * length, (index + 1) * length));
}

/** HDF5 sorts names by their bytes (`strcmp`). */
function compareBytes(one: string, other: string): number {
  const encoder = new TextEncoder();
  const left = encoder.encode(one);
  const right = encoder.encode(other);
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}
