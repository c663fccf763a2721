// The corpus of odd files (fixtures/hostile): each ends in an error of ours or in right values, within a second and 256 MiB, touches nothing else, and
// says nothing that a terminal obeys.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { corpus } from "../../fixtures/hostile/corpus.ts";

export interface CaseReport {
  readonly id: string;
  /** What is not as it must be; empty when all is. */
  readonly problem: string;
  /** Of the processor, the least of up to three tries. */
  readonly milliseconds: number;
  /** By which the process grew, where it grew beyond what it had had. */
  readonly mebibytes: number;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const ids = corpus.map(({ id, reader }) => `${reader}: ${id}`);
const reports = new Map<string, CaseReport>();

beforeAll(() => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--permission", `--allow-fs-read=${root}*`, "--expose-gc", "--conditions=@longspan/source", `${root}proof/hostile/run-corpus.ts`],
    { encoding: "utf8", maxBuffer: 2 ** 26, env: { ...process.env, NODE_OPTIONS: "" } },
  );
  for (const line of stdout.split("\n").filter((text) => text !== "")) {
    const report: CaseReport = JSON.parse(line);
    reports.set(report.id, report);
  }
  if (status !== 0) throw new Error(`the corpus was not read to its end: ${stderr}`);
  // Half a minute of work; on a machine that does much besides, many times that.
}, 900_000);

test("there are hundreds, each of another name", () => {
  expect(ids.length).toBeGreaterThan(500);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

describe("each odd file", () => {
  test.each(ids)("%s", (id) => {
    const report = reports.get(id);
    expect(report?.problem).toBe("");
    // A second, and several on a slow machine: what grows faster than its file takes far longer.
    expect(report?.milliseconds).toBeLessThan(5000);
    expect(report?.mebibytes).toBeLessThan(256);
  });
});

test("no program of theirs was run", () => {
  expect(existsSync("/tmp/longspan-was-here")).toBe(false);
});
