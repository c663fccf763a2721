import { LongspanError, memoryFileSet } from "@longspan/core";
import { bytesSource, isTensor } from "@longspan/core/adapter";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, countingSource, fixtureBytes, fixtureJson, leavesOf, openHdf5Bytes, tensorAt } from "../../test/fixture.ts";
import { hdf5Container } from "./hdf5-container.ts";

interface Expected {
  readonly datasets: Readonly<Record<string, { dataType: string; shape: number[]; bytes: string } | { refused: string }>>;
}

describe.each(["hdf5/oldest.h5", "hdf5/user-block.h5"])("%s, written by h5py", (file) => {
  const { datasets } = fixtureJson<Expected>(`${file}.expected.json`);

  test("has these datasets and no others", async () => {
    const { root } = await openHdf5Bytes(fixtureBytes(file));
    expect([...leavesOf(root).keys()].toSorted()).toEqual(Object.keys(datasets).toSorted());
  });

  test.each(Object.entries(datasets))("%s", async (path, expected) => {
    const { root } = await openHdf5Bytes(fixtureBytes(file));
    const value = leavesOf(root).get(path);
    if ("refused" in expected) {
      expect.assert(typeof value === "object" && value?.kind === "opaque");
      expect(value.reason).toContain(expected.refused);
      return;
    }
    expect.assert(isTensor(value));
    expect({ dataType: value.dataType, shape: value.shape, bytes: Buffer.from(await bytesOf(value)).toString("hex") }).toEqual(expected);
  });

  test("names of one dataset share its storage", async () => {
    const { root } = await openHdf5Bytes(fixtureBytes(file));
    expect(tensorAt(root, "names/one").storage.identity).toBe(tensorAt(root, "names/other").storage.identity);
  });

  test("texts of the root are the file's attributes", async () => {
    const { attributes } = await openHdf5Bytes(fixtureBytes(file));
    expect([...attributes]).toEqual([
      ["fixed", "fixed text"],
      ["variable", "variable text: naïve"],
    ]);
  });
});

test("links in a fractal heap are refused by name", async () => {
  await expect(openHdf5Bytes(fixtureBytes("hdf5/many-members-newest.h5"))).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("fractal heap") as string,
  });
});

test("opening reads headers, not values", async () => {
  const bytes = new Uint8Array(64 * 2 ** 20);
  bytes.set(fixtureBytes("tensorflow/heads/model/tf_model.h5"));
  const { source, bytesRead } = countingSource(bytesSource(bytes, "large.h5"));
  await hdf5Container().open({ source, fileName: "large.h5", files: memoryFileSet("memory", {}) });
  expect(bytesRead()).toBeLessThan(300_000);
});

describe("damaged files", () => {
  const whole = fixtureBytes("tensorflow/heads/question-answering/tf_model.h5");

  async function outcome(bytes: Uint8Array): Promise<string> {
    try {
      const { root } = await openHdf5Bytes(bytes);
      for (const value of leavesOf(root).values()) if (isTensor(value)) await value.readBytes(0, value.byteLength);
      return "read";
    } catch (error) {
      if (LongspanError.isInstance(error) && error.message.startsWith("file.h5")) return error.code;
      return error instanceof Error ? `${error.name}: ${error.message}` : "foreign";
    }
  }
  const known = new Set(["read", "truncated", "malformed", "unsupported", "limit-exceeded", "tensor-invalid"]);

  test("cut anywhere", async () => {
    for (let length = 0; length < whole.length; length += 997) {
      const found = await outcome(whole.subarray(0, length));
      expect(known.has(found) && found !== "read" ? "refused" : `${length}: ${found}`).toBe("refused");
    }
  });

  test("any byte changed", async () => {
    // Values lie behind: damage to them cannot show.
    const metadata = Array.from(whole.keys()).filter((index) => index < 20_000);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...metadata), fc.nat(255), async (position, value) => {
        const bytes = whole.slice();
        bytes[position] = value;
        const found = await outcome(bytes);
        expect(known.has(found) ? "known" : found).toBe("known");
      }),
      { numRuns: 400 },
    );
  });

  test("a group that contains itself is refused", async () => {
    const { root } = await openHdf5Bytes(whole);
    expect(leavesOf(root).size).toBeGreaterThan(40);
    const looped = whole.slice();
    const view = new DataView(looped.buffer);
    const rootHeader = view.getBigUint64(64, true);
    // The first symbol table node's first entry leads to the root again.
    const node = Buffer.from(looped).indexOf("SNOD");
    view.setBigUint64(node + 16, rootHeader, true);
    await expect(openHdf5Bytes(looped)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("contains itself") as string,
    });
  });
});
