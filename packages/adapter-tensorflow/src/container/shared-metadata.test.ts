import { expect, test } from "vitest";
import { leavesOf, openHdf5Bytes } from "../../test/fixture.ts";
import { hdf5Bytes, integer, joined, link, text } from "../../test/hdf5-bytes.ts";
import type { HeaderMessageBytes } from "../../test/hdf5-bytes.ts";

// Small files in which many objects share what is large: without limits they would take gigabytes, or hours.

/** An attribute that lists a text of a heap again and again. */
function texts(heap: number, length: number, count: number): HeaderMessageBytes {
  const type = joined(Uint8Array.of(0x19, 1, 0, 0), integer(16, 4), Uint8Array.of(0x10, 0, 0, 0), integer(1, 4), new Uint8Array(4));
  const space = joined(Uint8Array.of(2, 1, 0, 1), integer(count, 8));
  const reference = joined(integer(length, 4), integer(heap, 8), integer(1, 4));
  const head = joined(
    Uint8Array.of(3, 0),
    integer(2, 2),
    integer(type.byteLength, 2),
    integer(space.byteLength, 2),
    Uint8Array.of(0),
    text("a\0"),
  );
  return { type: 12, body: joined(head, type, space, ...Array.from({ length: count }, () => reference)) };
}

function heapOf(length: number): Uint8Array {
  return joined(
    text("GCOL"),
    Uint8Array.of(1, 0, 0, 0),
    integer(32 + length, 8),
    integer(1, 2),
    new Uint8Array(6),
    integer(length, 8),
    new Uint8Array(length).fill(0x61),
  );
}

const asGroup: HeaderMessageBytes = { type: 2, body: joined(Uint8Array.of(0, 0), new Uint8Array(16).fill(0xff)) };

test("a text of a heap is read", async () => {
  const file = hdf5Bytes();
  const heap = file.put(heapOf(8));
  const { attributes } = await openHdf5Bytes(file.file(file.object([asGroup, texts(heap, 8, 1)])));
  expect([...attributes]).toEqual([["a", "aaaaaaaa"]]);
});

test("one long text that is listed thousands of times", async () => {
  const file = hdf5Bytes();
  const heap = file.put(heapOf(2 ** 18));
  const root = file.object([asGroup, texts(heap, 2 ** 18, 4000)]);
  await expect(openHdf5Bytes(file.file(root))).rejects.toMatchObject({ code: "limit-exceeded" });
});

test("groups within groups that continue in the same millions of messages", async () => {
  const file = hdf5Bytes();
  const block = new Uint8Array(2 ** 20);
  const shared = file.put(block);
  const continued: HeaderMessageBytes = { type: 16, body: joined(integer(shared, 8), integer(block.byteLength, 8)) };
  let group = file.object([asGroup]);
  for (let depth = 0; depth < 20; depth++) group = file.object([asGroup, link("g", group), continued]);
  await expect(openHdf5Bytes(file.file(group))).rejects.toMatchObject({ code: "limit-exceeded" });
});

test("thousands of groups with the same large heap of names", async () => {
  const file = hdf5Bytes();
  const names = file.put(new Uint8Array(4 * 2 ** 20));
  const heap = file.put(joined(text("HEAP"), new Uint8Array(4), integer(4 * 2 ** 20, 8), integer(0, 8), integer(names, 8)));
  const tree = file.put(joined(text("TREE"), Uint8Array.of(0, 0, 0, 0), new Uint8Array(16).fill(0xff)));
  const table: HeaderMessageBytes = { type: 17, body: joined(integer(tree, 8), integer(heap, 8)) };
  const groups = Array.from({ length: 2000 }, (_, index) => link(`g${index}`, file.object([table])));
  await expect(openHdf5Bytes(file.file(file.object(groups)))).rejects.toMatchObject({ code: "limit-exceeded" });
});

test("a few such groups are read", async () => {
  const file = hdf5Bytes();
  const names = file.put(new Uint8Array(1000));
  const heap = file.put(joined(text("HEAP"), new Uint8Array(4), integer(1000, 8), integer(0, 8), integer(names, 8)));
  const tree = file.put(joined(text("TREE"), Uint8Array.of(0, 0, 0, 0), new Uint8Array(16).fill(0xff)));
  const table: HeaderMessageBytes = { type: 17, body: joined(integer(tree, 8), integer(heap, 8)) };
  const { root } = await openHdf5Bytes(file.file(file.object([link("one", file.object([table])), link("other", file.object([table]))])));
  expect(leavesOf(root).size).toBe(0);
});
