import { assert, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { stridedWindows, windowRoom } from "./windows.ts";

test("windows cover a text, each as long as can be, and share what was asked", () => {
  const sizes = record({ count: integer({ min: 1, max: 500 }), room: integer({ min: 1, max: 60 }), share: integer({ min: 0, max: 59 }) });
  assert(
    property(sizes, ({ count, room, share }) => {
      const overlap = share % room;
      const windows = stridedWindows(count, room, overlap);
      expect(windows[0]?.start).toBe(0);
      expect(windows.at(-1)?.end).toBe(count);
      for (const [index, { start, end }] of windows.entries()) {
        const next = windows[index + 1];
        if (next === undefined) continue;
        expect(end - start).toBe(room);
        expect(end - next.start).toBe(overlap);
        expect(next.end).toBeGreaterThan(end);
      }
    }),
  );
});

test("the overlap that nobody asked for gives way in small windows", () => {
  const place = { besides: 10, maxTokens: 4096, defaultStride: 128, what: "The question" };
  expect(windowRoom({}, place)).toEqual({ room: 4086, overlap: 128 });
  expect(windowRoom({ windowTokens: 50 }, place)).toEqual({ room: 40, overlap: 20 });
});

test.each([
  [{ windowTokens: 5000 }, "argument-invalid", "4096"],
  [{ windowTokens: 1.5 }, "argument-invalid", "1.5"],
  [{ windowTokens: 10 }, "sequence-too-long", "raise windowTokens"],
  [{ windowTokens: 20, strideTokens: 10 }, "argument-invalid", "from 0 to 9"],
  [{ strideTokens: -1 }, "argument-invalid", "-1"],
])("%o is refused as %s", (options, code, says) => {
  const place = { besides: 10, maxTokens: 4096, defaultStride: 128, what: "The question" };
  expect(() => windowRoom(options, place)).toThrowError(expect.objectContaining({ code, message: expect.stringContaining(says) }));
});
