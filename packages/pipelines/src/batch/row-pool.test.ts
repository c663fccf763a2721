import fc from "fast-check";
import { expect, test } from "vitest";
import { rowPool, type PooledJob } from "./row-pool.ts";

interface Numbered extends PooledJob {
  readonly number: number;
}

function job(number: number, lengths: readonly number[]): Numbered {
  return { number, rows: lengths.map((length) => ({ ids: new Int32Array(length), globals: 0, secondTypeFrom: undefined })), taken: 0 };
}

/** The lengths of the rows of some jobs: any, and such as documents have, whose windows are whole but for the last. */
const someLengths = fc.array(
  fc.oneof(
    fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 5 }),
    fc
      .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 56, max: 64 }))
      .map(([count, last]) => [...Array.from({ length: count }, () => 64), last]),
  ),
  { minLength: 1, maxLength: 30 },
);

test("every row is taken once, rows of a job in their order, within the limits", () => {
  fc.assert(
    fc.property(someLengths, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 16, max: 300 }), (lengths, rows, tokens) => {
      const all = lengths.map((own, number) => job(number, own));
      const pool = rowPool<Numbered>({ rows, tokens, padding: 0.1 });
      const left = all.map(({ rows: own }) => [...own]);
      for (const one of all) pool.add(one);
      while (!pool.isEmpty) {
        const oldest = left.findIndex((own) => own.length > 0);
        const batch = pool.take();
        expect(batch.map(({ owner }) => owner.number)).toContain(oldest);
        const longest = Math.max(...batch.map(({ row }) => row.ids.length));
        const real = batch.reduce((sum, { row }) => sum + row.ids.length, 0);
        expect(batch.length).toBeLessThanOrEqual(rows);
        if (batch.length > 1) expect(longest * batch.length).toBeLessThanOrEqual(tokens);
        expect(longest * batch.length - real).toBeLessThanOrEqual(0.1 * longest * batch.length);
        for (const { owner, row } of batch) expect(left[owner.number]?.shift()).toBe(row);
      }
      expect([left.flat(), pool.tokens]).toEqual([[], 0]);
    }),
  );
});

test("what is dropped is not taken", () => {
  const pool = rowPool<Numbered>({ rows: 2, tokens: 100, padding: 0.1 });
  const [first, second] = [job(0, [8, 8, 8]), job(1, [8])];
  pool.add(first);
  pool.add(second);
  expect(pool.take().map(({ owner }) => owner)).toEqual([first, first]);
  pool.drop(first);
  expect(pool.tokens).toBe(8);
  expect(pool.take().map(({ owner }) => owner)).toEqual([second]);
  expect(pool.isEmpty).toBe(true);
});
