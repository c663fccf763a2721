import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAhead, minWindow } from "./read-ahead.ts";

const size = 3_000_000;
const content = Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
const largest = 512 * 1024;

function counted(head = 0) {
  const fetches: (readonly [offset: number, length: number])[] = [];
  const ahead = readAhead(size, largest, content.slice(0, head), async (offset, target) => {
    fetches.push([offset, target.length]);
    target.set(content.subarray(offset, offset + target.length));
  });
  return { ahead, fetches };
}

describe("readAhead", () => {
  test("gives the bytes that are asked for, in whatever order", async () => {
    const range = fc.tuple(fc.nat({ max: size }), fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 900_000 })));
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 12 }), fc.boolean(), async (ranges, lend) => {
        const { ahead } = counted(minWindow);
        for (const [offset, wanted] of ranges) {
          const length = Math.min(wanted, size - offset);
          const bytes = await ahead.read(offset, length, lend ? { into: new Uint8Array(length) } : {});
          expect(Buffer.compare(bytes, content.subarray(offset, offset + length))).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("many small reads in a row cost few fetches, and none twice", async () => {
    const { ahead, fetches } = counted(minWindow);
    for (let offset = 0; offset + 1000 <= size; offset += 1000) await ahead.read(offset, 1000, {});
    expect(fetches.length).toBeLessThanOrEqual(9);
    expect(fetches.reduce((sum, [, length]) => sum + length, 0)).toBe(size - minWindow);
    expect(Math.max(...fetches.map(([, length]) => length))).toBeLessThanOrEqual(largest);
  });

  test("single small reads fetch little", async () => {
    const { ahead, fetches } = counted();
    for (const offset of [2_900_000, 5, 1_000_000, 2_000_000]) await ahead.read(offset, 30, {});
    expect(fetches).toEqual([2_900_000, 5, 1_000_000, 2_000_000].map((offset) => [offset, Math.min(minWindow, size - offset)]));
  });

  test("keeps a few places, and forgets the one used longest ago", async () => {
    const { ahead, fetches } = counted();
    for (const offset of [0, 1_000_000, 2_000_000, 10, 1_000_010, 2_000_010]) await ahead.read(offset, 10, {});
    expect(fetches.length).toBe(3);
    await ahead.read(2_900_000, 10, {});
    await ahead.read(10, 10, {});
    expect(fetches.length).toBe(5);
  });

  test("large reads are fetched as they are, into the buffer lent", async () => {
    const { ahead, fetches } = counted();
    const into = new Uint8Array(largest + 5);
    const bytes = await ahead.read(7, largest, { into });
    expect(bytes.buffer).toBe(into.buffer);
    expect(fetches).toEqual([[7, largest]]);
  });

  test("nothing is fetched for nothing", async () => {
    const { ahead, fetches } = counted();
    expect(await ahead.read(size, 0, {})).toEqual(new Uint8Array(0));
    expect(fetches).toEqual([]);
  });
});
