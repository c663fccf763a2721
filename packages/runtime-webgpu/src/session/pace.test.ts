import { expect, test } from "vitest";
import { createPace } from "./pace.ts";

/** A clock that only sleeping and the test move. */
function clock() {
  const slept: number[] = [];
  const time = {
    at: 0,
    slept,
    now: () => time.at,
    sleep: async (milliseconds: number) => {
      slept.push(milliseconds);
      time.at += milliseconds;
    },
  };
  return time;
}

test("the first run of a part is not slept through, later ones for most of what the fastest took", async () => {
  const time = clock();
  const pace = createPace(time);
  const first = pace.submitted("0");
  await first.rest();
  expect(time.slept).toEqual([]);
  time.at += 40;
  expect(first.done()).toBe(40);
  const second = pace.submitted("0");
  await second.rest();
  expect(time.slept).toEqual([0.85 * 40 - 1.5]);
  time.at = 40 + 40;
  second.done();
  // Slower once: hardly a reason to sleep longer.
  const third = pace.submitted("0");
  await third.rest();
  time.at = 80 + 60;
  third.done();
  await pace.submitted("0").rest();
  expect(time.slept.at(-1)).toBeCloseTo(0.85 * 44 - 1.5);
});

test("a run that was slept through for too long makes the next sleep shorter", async () => {
  const time = clock();
  const pace = createPace(time);
  const first = pace.submitted("0");
  time.at = 100;
  first.done();
  for (const expected of [100, 83.5, 69.475]) {
    const run = pace.submitted("0");
    await run.rest();
    expect(time.slept.at(-1)).toBeCloseTo(0.85 * expected - 1.5);
    run.done();
  }
});

test("a part behind another begins when that one should end, and short ones are waited for awake", async () => {
  const time = clock();
  const pace = createPace(time);
  for (const [part, milliseconds] of [20, 30, 2].entries()) {
    const submitted = pace.submitted(String(part));
    time.at += milliseconds;
    submitted.done();
  }
  time.at = 1000;
  const [first, second] = [pace.submitted("0"), pace.submitted("1")];
  await first.rest();
  expect(time.at).toBeCloseTo(1000 + 0.85 * 20 - 1.5);
  await second.rest();
  expect(time.at).toBeCloseTo(1000 + 20 + 0.85 * 30 - 1.5);
  const { length } = time.slept;
  time.at = 2000;
  await pace.submitted("2").rest();
  expect(time.slept.length).toBe(length);
});

test("nothing is slept through where waiting costs nothing, and times are told all the same", async () => {
  const time = clock();
  const pace = createPace({ ...time, now: time.now, sleeps: false });
  for (let run = 0; run < 3; run++) {
    const submitted = pace.submitted("0");
    await submitted.rest();
    time.at += 50;
    expect(submitted.done()).toBe(50);
  }
  expect(time.slept).toEqual([]);
});
