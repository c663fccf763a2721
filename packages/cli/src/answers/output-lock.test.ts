import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lockOutput } from "./output-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "longspan-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));
const output = join(folder, "answers.jsonl");

test("an output is one run's, by whatever name, until that gives it back", async () => {
  writeFileSync(output, "");
  symlinkSync(output, join(folder, "link.jsonl"));
  const release = await lockOutput(output);
  for (const path of [output, join(folder, "link.jsonl")])
    await expect(lockOutput(path)).rejects.toMatchObject({
      code: "target-exists",
      message: expect.stringMatching(/is being written by another run \(process \d+ on .*delete .*answers\.jsonl\.lock/),
    });
  await release?.();
  expect(existsSync(`${output}.lock`)).toBe(false);
  await (
    await lockOutput(output)
  )?.();
});

test("the lock of a run that was killed stands in nobody's way; one that nobody can judge does", async () => {
  writeFileSync(`${output}.lock`, "");
  await (
    await lockOutput(output)
  )?.();
  writeFileSync(`${output}.lock`, "words");
  await expect(lockOutput(output)).rejects.toMatchObject({ code: "target-exists" });
  expect(readFileSync(`${output}.lock`, "utf8")).toBe("words");
  rmSync(`${output}.lock`);
});

test("what is no file is nobody's, and a folder that is not there is told by the output", async () => {
  expect(await lockOutput("/dev/null")).toBeUndefined();
  expect(await lockOutput(join(folder, "nowhere/answers.jsonl"))).toBeUndefined();
});
