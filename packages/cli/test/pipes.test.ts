import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../src/run.ts";
import { runCommand, type CommandResult } from "./run-command.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const model = join(fixtures, "huggingface/question-answering/model.safetensors");
const config = await readFile(join(fixtures, "huggingface/question-answering/config.json"), "utf8");
let folder = "";
let pipes = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-pipes-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function pipe(): string {
  const path = join(folder, `pipe-${++pipes}`);
  execFileSync("mkfifo", [path]);
  return path;
}

/** A pipe that gives a text once, as a shell's `<(…)` does. */
function pipeOf(text: string): string {
  const path = pipe();
  // Who is refused stops reading, and that is no matter here.
  Readable.from([text])
    .pipe(createWriteStream(path))
    .on("error", () => {});
  return path;
}

describe.skipIf(process.platform === "win32")("a pipe in place of a small file", () => {
  test("a configuration, which is read once however many models are opened with it", async () => {
    const inspected = await runCommand("inspect", model, "--config", pipeOf(config));
    expect(inspected).toMatchObject({ code: 0, out: expect.stringMatching(/^config +the given configuration$/m) });
    expect(await runCommand("verify", model, model, "--config", pipeOf(config))).toMatchObject({
      code: 0,
      out: expect.stringContaining("equal"),
    });
  });

  test("a layout", async () => {
    const layout = pipeOf(JSON.stringify({ version: 7 }));
    const refused = await runCommand("inspect", model, "--layout", layout);
    expect(refused).toMatchObject({ code: 1, error: expect.stringContaining(`${layout} says version 7`) });
  });

  test("inputs", async () => {
    const words = ["run", join(fixtures, "huggingface/model"), "--json", "--inputs"] as const;
    const text = JSON.stringify({ input_ids: [[5, 6, 7]] });
    const [piped, given] = [await runCommand(...words, pipeOf(text)), await runCommand(...words, pipeOf(` ${text}`))];
    const outputs = ({ out }: CommandResult): unknown => (JSON.parse(out) as { outputs: unknown }).outputs;
    expect(outputs(piped)).toEqual(outputs(given));
  });

  test("what has no end, or nothing, is refused by name", async () => {
    expect(await runCommand("inspect", model, "--config", "/dev/zero")).toMatchObject({
      code: 1,
      error: expect.stringContaining("/dev/zero has more than the 33554432 bytes"),
    });
    expect((await runCommand("inspect", model, "--config", pipeOf(""))).error).toContain("is not JSON");
  });

  test("standard input is none of them, and it is said what is", async () => {
    for (const option of ["--config", "--adapter-config"])
      expect(await runCommand("inspect", model, option, "-")).toMatchObject({
        code: 2,
        error: expect.stringMatching(/Standard input \(-\) is not read for configurations\. Give .*\/dev\/stdin/),
      });
  });

  test("weights are read here and there, and workers each for themselves: a pipe cannot be", async () => {
    expect((await runCommand("inspect", pipe())).error).toContain("Save it to a file first");
    const document = fileURLToPath(import.meta.url);
    const words = ["ask", model, "--question", "Who?", "--document", document, "--output", "-", "--workers", "2"];
    expect(await runCommand(...words, "--config", pipe())).toMatchObject({
      code: 2,
      error: expect.stringContaining("can be read but once"),
    });
  });

  test("nobody writes to: an interruption ends the waiting", async () => {
    const interruption = new AbortController();
    const terminal = { input: Readable.from([]), out: new PassThrough(), error: new PassThrough() };
    const path = pipe();
    const ended = run(["inspect", model, "--config", path], terminal, interruption.signal);
    setImmediate(() => interruption.abort());
    expect(await ended).toBe(130);
    const asked = run(["ask", model, "--input", path, "--input-format", "jsonl"], terminal, AbortSignal.abort());
    expect(await asked).toBe(130);
  });
});
