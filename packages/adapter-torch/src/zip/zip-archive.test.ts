import { type ErrorCode, LongspanError } from "@longspan/core";
import { bytesSource } from "@longspan/core/adapter";
import { assert, asyncProperty, nat } from "fast-check";
import { describe, expect, test } from "vitest";
import { buildZip, concatenate, fields } from "../../test/build-zip.ts";
import type { TestEntry, TestZipOptions } from "../../test/build-zip.ts";
import { entrySource } from "./entry-source.ts";
import { readZipArchive } from "./zip-archive.ts";

const utf8 = new TextEncoder();
const pickle: TestEntry = { name: "archive/data.pkl", data: utf8.encode("not really a pickle") };
const storage: TestEntry = {
  name: "archive/data/0",
  data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  descriptor: true,
};

/** All entries' bytes, read through their sources. */
async function readAll(bytes: Uint8Array, verify = true): Promise<Map<string, Uint8Array>> {
  const source = bytesSource(bytes, "model.bin");
  const archive = await readZipArchive(source);
  const found = new Map<string, Uint8Array>();
  for (const [name, entry] of archive.entries) {
    found.set(name, await entrySource(source, entry, verify).read(0, entry.byteLength));
  }
  return found;
}

function withByte(bytes: Uint8Array, position: number, byte: number): Uint8Array {
  bytes[position] = byte;
  return bytes;
}

describe("archives that are read", () => {
  const accepted: Record<string, Uint8Array> = {
    plain: buildZip([pickle, storage]),
    "with zip64 end records": buildZip([pickle, storage], { zip64: true }),
    "padded in the local header only": buildZip([
      { ...pickle, extra: concatenate(utf8.encode("FB"), fields([2, 5]), utf8.encode("ZZZZZ")) },
      storage,
    ]),
    "with a comment": buildZip([pickle, storage], { comment: utf8.encode("made by hand") }),
    "with a comment of 65535 bytes": buildZip([pickle, storage], {
      comment: new Uint8Array(65_535).fill(0x20),
    }),
    "with bytes after the end": buildZip([pickle, storage], { suffix: new Uint8Array(100) }),
    "without checksums": buildZip([
      { ...pickle, checksum: 0 },
      { ...storage, checksum: 0 },
    ]),
    "in another order": buildZip([storage, pickle]),
    "with a directory entry": buildZip([{ name: "archive/", data: new Uint8Array() }, pickle, storage]),
    "with a zip64 extra for sizes it does not need": buildZip([
      pickle,
      {
        ...storage,
        central: { size: 0xff_ff_ff_ff, extra: fields([2, 1], [2, 16], [8, 8], [8, 8]) },
      },
    ]),
  };
  test.each(Object.entries(accepted))("%s", async (_name, bytes) => {
    const found = await readAll(bytes);
    expect(found.get("archive/data.pkl")).toEqual(pickle.data);
    expect(found.get("archive/data/0")).toEqual(storage.data);
  });

  test("bytes after the end are warned of", async () => {
    const archive = await readZipArchive(bytesSource(buildZip([pickle], { suffix: new Uint8Array(9) }), "model.bin"));
    expect(archive.warnings).toEqual(["model.bin has 9 bytes after the end of its zip archive; they were not read."]);
  });
});

describe("archives that are refused", () => {
  const duplicate = buildZip([pickle, storage, { ...storage, data: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1) }]);
  const cases: Record<string, readonly [ErrorCode, RegExp, Uint8Array | readonly [readonly TestEntry[], TestZipOptions?]]> = {
    "a name twice": ["malformed", /second entry "archive\/data\/0"/, duplicate],
    "two central records of one local header": [
      "malformed",
      /overlap/,
      [[pickle, { ...storage, name: "archive/data/1", centralOnly: true, central: { headerOffset: 0 } }]],
    ],
    "an entry inside another": [
      "malformed",
      /overlap/,
      [
        [
          { name: "archive/data.pkl", data: buildZip([storage]) },
          { ...storage, centralOnly: true, central: { headerOffset: 46 } },
        ],
      ],
    ],
    "another name in the local header": ["malformed", /different names/, [[pickle, { ...storage, local: { name: "archive/data/1" } }]]],
    "another method in the local header": ["malformed", /different compression methods/, [[pickle, { ...storage, local: { method: 8 } }]]],
    "other flags in the local header": ["malformed", /different flags/, [[pickle, { ...storage, local: { flags: 0 } }]]],
    "another size in the local header": ["malformed", /different sizes/, [[{ ...pickle, local: { size: 3 } }]]],
    "another checksum in the local header": ["malformed", /different checksums/, [[{ ...pickle, local: { checksum: 3 } }]]],
    "an encrypted entry": ["unsupported", /encrypted/, [[pickle, { ...storage, flags: 0x801 }]]],
    "a strongly encrypted entry": ["unsupported", /encrypted/, [[pickle, { ...storage, flags: 0x840 }]]],
    "a masked header": ["unsupported", /encrypted/, [[pickle, { ...storage, flags: 0x2800 }]]],
    "patched data": ["unsupported", /patched/, [[pickle, { ...storage, flags: 0x820 }]]],
    "a wrong checksum": ["malformed", /checksum 00000001|archive says 00000001/, [[pickle, { ...storage, checksum: 1 }]]],
    "sizes that differ though stored": ["malformed", /is stored, yet/, [[pickle, { ...storage, central: { size: 8, compressedSize: 4 } }]]],
    "more bytes than there are": ["malformed", /overlap/, [[pickle, { ...storage, central: { size: 9000 } }]]],
    "a local header that leaves no room": ["malformed", /reach into what follows/, withByte(buildZip([pickle, storage]), 28, 7)],
    "zip64 sizes of 2^53": [
      "malformed",
      /2\^53/,
      [
        [
          {
            ...storage,
            central: {
              size: 0xff_ff_ff_ff,
              extra: fields([2, 1], [2, 16], [8, 2n ** 53n], [8, 8]),
            },
          },
        ],
      ],
    ],
    "zip64 sizes that are not there": ["malformed", /lacks its zip64 sizes/, [[{ ...storage, central: { size: 0xff_ff_ff_ff } }]]],
    "two zip64 extras": ["malformed", /damaged extra/, [[{ ...storage, central: { extra: fields([2, 1], [2, 0], [2, 1], [2, 0]) } }]]],
    "extra fields that leave their record": ["malformed", /damaged extra/, [[{ ...storage, central: { extra: fields([2, 1], [2, 90]) } }]]],
    "an entry on another disk": ["unsupported", /another disk/, [[{ ...storage, central: { disk: 1 } }]]],
    "an archive of several disks": ["unsupported", /several disks/, [[pickle], { end: { disk: 1 } }]],
    "a zip64 locator of several disks": ["unsupported", /several disks/, [[pickle], { zip64: { disks: 2 } }]],
    "a zip64 locator to elsewhere": ["malformed", /does not point/, [[pickle], { zip64: { locator: 3n } }]],
    "end records that disagree": ["malformed", /disagree/, [[pickle], { zip64: { entries: 7n } }]],
    "a zip64 offset of 2^53": ["malformed", /2\^53/, [[pickle], { zip64: { offset: 2n ** 63n } }]],
    "zip64 fields without zip64 records": ["malformed", /zip64 records that are not there/, [[pickle], { end: { offset: 0xff_ff_ff_ff } }]],
    "fewer entries than promised": [
      "malformed",
      /has 1 entries where its end record promises 2|cannot have/,
      [[pickle], { end: { entries: 2 } }],
    ],
    "more entries than promised": ["malformed", /more than its end record promises/, [[pickle, storage], { end: { entries: 1 } }]],
    "too many entries": ["malformed", /central directory/, [[pickle], { zip64: { entries: 1_000_000n }, end: { entries: 0xff_ff } }]],
    "data before the archive": ["malformed", /before or inside/, concatenate(new Uint8Array(512), buildZip([pickle, storage]))],
    "a comment that leaves the file": ["malformed", /comment leaves/, buildZip([pickle], { comment: new Uint8Array(9) }).slice(0, -1)],
    "an absolute name": ["malformed", /absolute/, [[{ ...pickle, name: "/archive/data.pkl" }]]],
    "a name that goes up": ["malformed", /segment/, [[{ ...pickle, name: "archive/../data.pkl" }]]],
    "a name with a backslash": ["malformed", /backslash/, [[{ ...pickle, name: "archive\\data.pkl" }]]],
    "a name with a drive": ["malformed", /absolute/, [[{ ...pickle, name: "C:archive/data.pkl" }]]],
    "a name with a NUL": ["malformed", /NUL/, [[{ ...pickle, name: "archive/data.pkl\0.txt" }]]],
    "an empty name": ["malformed", /empty/, [[{ ...pickle, name: "" }]]],
    "a name that is not UTF-8": ["malformed", /not UTF-8/, [[{ ...pickle, name: Uint8Array.of(0xff, 0xfe) }]]],
    "a name of 60000 bytes": ["limit-exceeded", /name has 60000 bytes/, [[{ ...pickle, name: "a".repeat(60_000) }]]],
    "no end record": ["truncated", /end record is missing/, concatenate(buildZip([pickle, storage]).subarray(0, 80))],
    "an empty file": ["truncated", /end record is missing/, new Uint8Array()],
  };
  for (const method of [1, 6, 8, 9, 12, 14, 93, 95]) {
    cases[`compression method ${method}`] = ["unsupported", /zip -0/, [[pickle, { ...storage, method }]]];
  }
  test.each(Object.entries(cases))("%s", async (_name, [code, message, given]) => {
    const bytes = given instanceof Uint8Array ? given : buildZip(given[0], given[1]);
    const error = await readAll(bytes).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(LongspanError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect((error as LongspanError).message).toContain("model.bin");
  });

  test("a second archive in the comment: whichever is meant", async () => {
    // The inner archive's offsets are made to fit the outer file, so that a reader that takes the last end record believes it.
    const first = buildZip([pickle, storage], { comment: new Uint8Array(400) });
    const outerEnd = first.length - 400 - 22;
    const directoryOffset = new DataView(first.buffer).getUint32(outerEnd + 16, true);
    const inner = first.slice(directoryOffset, outerEnd);
    const at = outerEnd + 22 + 10;
    first.set(inner, at);
    first.set(fields([4, 0x06_05_4b_50], [2, 0], [2, 0], [2, 2], [2, 2], [4, inner.length], [4, at], [2, 0]), at + inner.length);
    await expect(readZipArchive(bytesSource(first, "model.bin"))).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("second end-of-central-directory"),
    });
  });

  test("a byte changed in a payload is noticed when it is read to its end, in pieces too, unless asked not to look", async () => {
    const bytes = buildZip([pickle, storage]);
    const at = bytes.findIndex((_, index) => bytes.subarray(index, index + 8).every((byte, place) => byte === storage.data[place]));
    bytes[at + 5] = 99;
    await expect(readAll(bytes)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("checksum"),
    });
    expect((await readAll(bytes, false)).get("archive/data/0")?.[5]).toBe(99);
    const source = bytesSource(bytes, "model.bin");
    const entry = (await readZipArchive(source)).entries.get("archive/data/0");
    if (entry === undefined) throw new Error("the entry is there");
    const reader = entrySource(source, entry, true);
    expect(await reader.read(4, 4)).toHaveLength(4);
    expect(await reader.read(0, 4)).toHaveLength(4);
    await expect(reader.read(4, 4)).rejects.toMatchObject({ code: "malformed" });
    await expect(reader.read(4, 5)).rejects.toMatchObject({ code: "truncated" });
  });
});

test("cut anywhere, only a LongspanError", async () => {
  const whole = buildZip([pickle, storage], { zip64: true });
  for (let length = 0; length < whole.length; length++) {
    await expect(readAll(whole.slice(0, length))).rejects.toBeInstanceOf(LongspanError);
  }
});

test("changed anywhere, right values or a LongspanError", async () => {
  const whole = buildZip([pickle, storage], { zip64: true });
  await assert(
    asyncProperty(nat({ max: whole.length - 1 }), nat({ max: 255 }), async (position, byte) => {
      const changed = whole.slice();
      changed[position] = byte;
      const error = await readAll(changed).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error === undefined || error instanceof LongspanError).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
