import { expect, test } from "vitest";
import { batchCounts, duration } from "./batch-counts.ts";

test("no minute has 60 seconds, and no hour 60 minutes", () => {
  const said = [0.2, 59.5, 119.6, 800, 3599.4, 3599.6, 7199, 7500].map((seconds) => duration(seconds));
  expect(said).toEqual(["1 s", "1 min 0 s", "2 min 0 s", "13 min 20 s", "59 min 59 s", "1 h 0 min", "2 h 0 min", "2 h 5 min"]);
});

test("of how many: what is known, or what a part of the file lets expect", () => {
  const describeOf = (read: { jobs: number; share: number | undefined; total?: number }): string => {
    const counts = batchCounts(() => read);
    for (let done = 0; done < 3; done++) counts.add(false);
    return counts.describe();
  };
  expect(describeOf({ jobs: 19, share: 1, total: 10_000 })).toMatch(/^3 of 10,000 /);
  expect(describeOf({ jobs: 20, share: 0.25 })).toMatch(/^3 of about 80 /);
  expect(describeOf({ jobs: 20, share: 1 })).toMatch(/^3 of 20 /);
  expect(describeOf({ jobs: 20, share: undefined })).toMatch(/^3 {2}/);
});
