import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tuningStore } from "../device/tuning-store.node.ts";
import { defaultFacts } from "../testing/default-facts.ts";
import { keepTuning, readKeptTuning, type KeptTuning, type LinearChoice, type Measured } from "./kept-tuning.ts";
import type { CandidateTime } from "./kept-times.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-tuning-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const facts = { ...defaultFacts, name: "a GPU / of some driver" };

const layer = (rows: number, complete: boolean, ...times: readonly CandidateTime<LinearChoice>[]): Measured => ({
  of: "linear",
  shape: { rows, columns: 768, inner: 768, weightStorage: "float32" },
  complete,
  times,
});
const time = (tiling: string, milliseconds: number): CandidateTime<LinearChoice> => ({ choice: { tiling }, milliseconds, byRules: 2 });

const fileOf = async (): Promise<string> => join(folder, "longspan", (await readdir(join(folder, "longspan")))[0] ?? "");
const kept = async (of = facts): Promise<KeptTuning["measured"]> => (await readKeptTuning(tuningStore(), of)).measured;

test("two processes that keep by turns each leave what the other found", async () => {
  const [one, other] = [tuningStore(), tuningStore()];
  // Each knows what it found itself, and nothing of the other.
  const [first, second, third] = [layer(128, true, time("a", 1)), layer(256, true, time("b", 1)), layer(512, true, time("c", 1))];
  await keepTuning(one, facts, [first], 1);
  await keepTuning(other, facts, [second], 1);
  expect(await kept()).toEqual([first, second]);
  await keepTuning(one, facts, [first, third], 0);
  await keepTuning(other, facts, [second], 0);
  expect(await kept()).toEqual([first, second, third]);
  expect(await readdir(join(folder, "longspan"))).toHaveLength(1);
});

test("what both measured has the times of both, and of one candidate the newer", async () => {
  const [one, other] = [tuningStore(), tuningStore()];
  await keepTuning(one, facts, [layer(128, true, time("a", 1), time("b", 1))], 0);
  await keepTuning(other, facts, [layer(128, false, time("b", 3), time("c", 1))], 0);
  expect(await kept()).toEqual([layer(128, true, time("a", 1), time("b", 3), time("c", 1))]);
});

test("a file that is damaged meanwhile is replaced by what is known", async () => {
  const known = layer(128, true, time("a", 1));
  await keepTuning(tuningStore(), facts, [layer(256, true, time("b", 1))], 0);
  for (const text of ["", "{", "null", '{"version":1}']) {
    await writeFile(await fileOf(), text);
    await keepTuning(tuningStore(), facts, [known], 0);
    expect(await kept()).toEqual([known]);
  }
});

test("what another device of the same file's name has kept is not taken over", async () => {
  const another = { ...facts, name: "a GPU - of some driver" };
  const [theirs, ours] = [layer(128, true, time("a", 1)), layer(256, true, time("b", 1))];
  await keepTuning(tuningStore(), another, [theirs], 0);
  expect(await kept(another)).toEqual([theirs]);
  await keepTuning(tuningStore(), facts, [ours], 0);
  expect([await kept(), await kept(another)]).toEqual([[ours], []]);
  expect(await readdir(join(folder, "longspan"))).toHaveLength(1);
});
