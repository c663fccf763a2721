import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, openHdf5Bytes, tensorAt } from "../../test/fixture.ts";
import { openWithH5wasm } from "../../test/h5wasm.ts";
import { aligned } from "./output.ts";
import { planHdf5 } from "./plan-hdf5.ts";
import type { PlannedDataset, PlannedGroup } from "./plan-hdf5.ts";

function dataset(weight: string, shape: readonly number[]): PlannedDataset {
  return { kind: "dataset", weight, dataType: "float32", shape };
}

/** A file whose datasets hold their turn, counted from 1. */
function fileOf(root: PlannedGroup): Uint8Array {
  const { head, datasets } = planHdf5(root);
  const parts = datasets.map(({ shape }, index) => {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    const values = new Uint8Array(aligned(count * 4));
    values.set(new Uint8Array(new Float32Array(count).fill(index + 1).buffer));
    return values;
  });
  const file = new Uint8Array(head.byteLength + parts.reduce((sum, part) => sum + part.byteLength, 0));
  file.set(head);
  let end = head.byteLength;
  for (const part of parts) {
    file.set(part, end);
    end += part.byteLength;
  }
  return file;
}

const first = (bytes: Uint8Array): number | undefined => new Float32Array(bytes.slice().buffer)[0];

// One node holds 8 names, one B-tree node 32 nodes: 300 names need two levels, 9,000 three.
test.each([0, 1, 8, 9, 255, 256, 257, 300, 9000])("a group of %i names is read by the HDF5 library and by us", async (count) => {
  const names = Array.from({ length: count }, (_, index) => `dataset-${(index * 7919) % 10007}`);
  const members = new Map(names.map((name, index) => [name, dataset(String(index), [1])]));
  const bytes = fileOf({ kind: "group", attributes: new Map(), members });
  const { root } = await openHdf5Bytes(bytes);
  const judge = await openWithH5wasm(bytes);
  expect(judge.members("").toSorted()).toEqual(names.toSorted());
  for (const [index, name] of names.entries()) {
    if (index % Math.ceil(count / 50) !== 0) continue;
    expect([name, first(judge.bytes(name)), first(await bytesOf(tensorAt(root, name)))]).toEqual([name, index + 1, index + 1]);
  }
  judge.close();
});

test("any tree of groups and shapes comes back", async () => {
  const name = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }).filter((text) => !/[/\0]/.test(text) && text !== ".");
  const shape = fc.array(fc.nat(3), { maxLength: 4 });
  const { group } = fc.letrec<{ group: ReadonlyMap<string, unknown>; member: unknown }>((tie) => ({
    group: fc.uniqueArray(fc.tuple(name, tie("member")), { maxLength: 12, selector: ([text]) => text }).map((entries) => new Map(entries)),
    member: fc.oneof({ depthSize: "small" }, shape, tie("group")),
  }));
  await fc.assert(
    fc.asyncProperty(group, async (tree) => {
      const shapes = new Map<string, readonly number[]>();
      const bytes = fileOf(planned(tree, "", shapes));
      const { root } = await openHdf5Bytes(bytes);
      for (const [path, wanted] of shapes) expect(tensorAt(root, path).shape).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

function planned(tree: ReadonlyMap<string, unknown>, path: string, shapes: Map<string, readonly number[]>): PlannedGroup {
  const members = new Map<string, PlannedGroup | PlannedDataset>();
  for (const [key, member] of tree) {
    const own = path === "" ? key : `${path}/${key}`;
    if (member instanceof Map) members.set(key, planned(member as ReadonlyMap<string, unknown>, own, shapes));
    else {
      shapes.set(own, member as number[]);
      members.set(key, dataset(own, member as number[]));
    }
  }
  return { kind: "group", attributes: new Map([["name", path === "" ? "root" : path]]), members };
}
