import type { ErrorCode } from "@longspan/core";
import { isTensor, isTreeMap } from "@longspan/core/adapter";
import { dict, global, list, persistentId, tuple } from "@longspan/pickle";
import type { PickleInput } from "@longspan/pickle";
import { expect, test } from "vitest";
import { buildTar } from "../../test/build-tar.ts";
import type { TestMember } from "../../test/build-tar.ts";
import { floats, openBytes, pickleBytes } from "../../test/build-torch-file.ts";
import { concatenate, fields } from "../../test/build-zip.ts";
import { torchTarContainer } from "./torch-tar.ts";

const container = torchTarContainer();
const float = global("torch", "FloatStorage");

interface Parts {
  readonly storageCount?: PickleInput;
  readonly storageClass?: PickleInput;
  readonly elements?: bigint;
  readonly views?: PickleInput;
  readonly tensorCount?: PickleInput;
  readonly storageId?: number;
  readonly dimensions?: number;
  readonly size?: bigint;
  readonly stride?: bigint;
  readonly offset?: bigint;
}

/** Storage 11 of four floats; storage 12, its second half; tensor 21 over one of them. */
function membersOf(parts: Parts = {}): TestMember[] {
  const {
    storageCount = 1,
    storageClass = float,
    elements = 4n,
    views = list([tuple(12, 11, 2, 2)]),
    tensorCount = 1,
    storageId = 12,
  } = parts;
  const storages = concatenate(
    pickleBytes(storageCount),
    pickleBytes(tuple(11, "cpu", storageClass)),
    fields([8, elements]),
    floats(1, 2, 3, 4),
    pickleBytes(views),
  );
  const tensors = concatenate(
    pickleBytes(tensorCount),
    pickleBytes(tuple(21, storageId, global("torch", "FloatTensor"))),
    fields([4, parts.dimensions ?? 1], [4, 0], [8, parts.size ?? 2n], [8, parts.stride ?? 1n], [8, parts.offset ?? 0n]),
  );
  return [
    { name: "sys_info", data: pickleBytes(dict([["protocol_version", 1000]])) },
    {
      name: "pickle",
      data: pickleBytes(
        dict([
          ["w", persistentId("21")],
          ["other", persistentId("99")],
        ]),
      ),
    },
    { name: "tensors", data: tensors },
    { name: "storages", data: storages },
  ];
}

async function valuesOf(members: readonly TestMember[]): Promise<number[]> {
  const { root } = await openBytes(container, buildTar(members));
  const found = isTreeMap(root) ? root.get("w") : undefined;
  return isTensor(found) ? Array.from((await found.read()).data, Number) : [];
}

test("a view of a storage, by ids that are addresses", async () => {
  expect(await valuesOf(membersOf())).toEqual([3, 4]);
  expect(await valuesOf(membersOf({ storageId: 11, offset: 1n, stride: 2n }))).toEqual([2, 4]);
});

test("extended headers with times and names are passed over", async () => {
  const extended = new TextEncoder().encode("30 mtime=1479462389.1234567891\n");
  const members = membersOf().flatMap((member) => [
    { name: "././@PaxHeader", data: extended, type: "x" },
    { ...member, name: `./${member.name}` },
  ]);
  expect(await valuesOf(members)).toEqual([3, 4]);
  const head = buildTar(members).subarray(0, 4096);
  const source = { name: "", size: 0, read: async () => head, close: async () => {} };
  expect(container.detect({ head, source })).toMatchObject({ specificity: 90 });
  expect(container.detect({ head: buildTar([{ name: "model/config.json", data: extended }]), source })).toBeUndefined();
});

test.each<readonly [string, ErrorCode, RegExp, readonly TestMember[]]>([
  ["no storages", "malformed", /without the member "storages"/, membersOf().slice(0, 3)],
  ["a member twice", "malformed", /second tar member "pickle"/, [...membersOf(), { name: "pickle", data: new Uint8Array() }]],
  ["a link", "unsupported", /no plain file/, [{ name: "storages", data: new Uint8Array(), type: "2" }, ...membersOf().slice(0, 3)]],
  ["a member of 8 GiB", "truncated", /takes 8589934591 bytes/, [{ name: "pickle", data: new Uint8Array(), size: 8_589_934_591 }]],
  [
    "100 members",
    "limit-exceeded",
    /more than 64 members/,
    Array.from({ length: 100 }, (_, index) => ({ name: `m${index}`, data: new Uint8Array() })),
  ],
  ["a count that is none", "malformed", /'x' stands where a count/, membersOf({ storageCount: "x" })],
  ["a million storages", "malformed", /storages/, membersOf({ storageCount: 1_000_000 })],
  ["a storage class that is none", "malformed", /torch.nn.Linear/, membersOf({ storageClass: global("torch.nn", "Linear") })],
  ["2^60 elements", "truncated", /bytes are expected/, membersOf({ elements: 2n ** 60n })],
  ["-1 elements", "truncated", /-4 bytes are expected/, membersOf({ elements: 2n ** 64n - 1n })],
  ["a view that leaves its storage", "tensor-invalid", /leaves its storage of 4/, membersOf({ views: list([tuple(12, 11, 2, 3)]) })],
  ["a view of nothing", "malformed", /view of a storage that is not there/, membersOf({ views: list([tuple(12, 10, 0, 1)]) })],
  ["views that are none", "malformed", /list of views is 5/, membersOf({ views: 5 })],
  ["a tensor of nothing", "malformed", /tensor of a storage that is not there/, membersOf({ storageId: 5 })],
  ["2^31 - 1 dimensions", "malformed", /2147483647 dimensions/, membersOf({ dimensions: 2 ** 31 - 1 })],
  ["a million tensors", "truncated", /tensors/, membersOf({ tensorCount: 1_000_000 })],
])("%s", async (_name, code, message, members) => {
  await expect(openBytes(container, buildTar(members))).rejects.toMatchObject({
    name: "LongspanError",
    code,
    message: expect.stringMatching(message),
  });
});

test.each<readonly [string, Parts]>([
  ["a size that leaves the storage", { size: 3n }],
  ["a negative size", { size: 2n ** 64n - 2n }],
  ["a negative stride", { stride: 2n ** 64n - 1n }],
  ["an offset that leaves it", { offset: 1n }],
])("%s: that tensor alone", async (_name, parts) => {
  const { root } = await openBytes(container, buildTar(membersOf(parts)));
  expect(isTreeMap(root) ? root.get("w") : undefined).toMatchObject({ kind: "opaque", error: { code: "tensor-invalid" } });
  expect(isTreeMap(root) ? root.get("other") : undefined).toEqual({ kind: "opaque", className: "torch.storage" });
});
