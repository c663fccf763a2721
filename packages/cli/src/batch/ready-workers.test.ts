import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { collected } from "../../test/collected.ts";
import type { Job } from "../jobs/job.ts";
import { readyWorkers } from "./ready-workers.ts";

const folder = mkdtempSync(join(tmpdir(), "longspan-workers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const never = new AbortController().signal;

/** Worker's script, by node. */
const program = (script: string): readonly string[] => [process.execPath, "-e", script];

const echo = `
console.log('{"worker":"ready"}');
process.stdin.setEncoding("utf8").on("data", (text) => {
  for (const line of text.split("\\n").filter(Boolean)) console.log(JSON.stringify({ id: JSON.parse(line).id, text: JSON.parse(line).text }));
});
`;

test("they are there before their jobs, and do them", async () => {
  const run = await readyWorkers({ count: 2, command: program(echo), unordered: false, opening: never });
  async function* jobs(): AsyncGenerator<Job> {
    for (const text of ["a", "b", "c"]) yield { id: text, fields: { text } };
  }
  expect((await collected(run(jobs()))).map(({ document }) => document?.text)).toEqual(["a", "b", "c"]);
  const idle = await readyWorkers({ count: 1, command: program(echo), unordered: false, opening: never });
  async function* none(): AsyncGenerator<Job> {
    yield* [];
  }
  expect(await collected(idle(none()))).toEqual([]);
});

test("a model that cannot be opened is one error, and no worker is started in place of another for it", async () => {
  const starts = join(folder, "starts");
  const said = JSON.stringify({ error: { code: "not-found", message: "There is no model." } }, null, 2);
  const failing = `require("node:fs").appendFileSync(${JSON.stringify(starts)}, "."); console.log(${JSON.stringify(said)}); process.exitCode = 1`;
  await expect(readyWorkers({ count: 2, command: program(failing), unordered: true, opening: never })).rejects.toMatchObject({
    code: "not-found",
  });
  expect(readFileSync(starts, "utf8").length).toBeLessThanOrEqual(2);
  const dying = `require("node:fs").appendFileSync(${JSON.stringify(`${starts}-dying`)}, "."); process.kill(process.pid, "SIGKILL")`;
  await expect(readyWorkers({ count: 1, command: program(dying), unordered: true, opening: never })).rejects.toMatchObject({
    code: "worker-lost",
  });
  expect(readFileSync(`${starts}-dying`, "utf8")).toBe("...");
});

test("a signal while they open their model ends them", async () => {
  const [pidFile, opening] = [join(folder, "pid"), new AbortController()];
  const slow = `require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setTimeout(() => {}, 60_000)`;
  const abortWhenBegun = async (): Promise<void> => {
    while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await wait(5);
    opening.abort();
  };
  const [ready] = await Promise.allSettled([
    readyWorkers({ count: 1, command: program(slow), unordered: true, opening: opening.signal }),
    abortWhenBegun(),
  ]);
  expect(ready).toMatchObject({ status: "rejected", reason: { code: "aborted" } });
  const pid = Number(readFileSync(pidFile, "utf8"));
  const isThere = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  // Its end is noticed by this process a little later.
  while (isThere()) await wait(5);
});
