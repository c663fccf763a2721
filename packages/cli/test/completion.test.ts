import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { onnx } from "@longspan/runtime-ort/onnx";
import { loadAdapters } from "../src/model/load-adapters.ts";
import { targetNames } from "../src/model/output-options.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "longspan-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function script(shell: string): Promise<string> {
  const { code, out, error } = await runCommand("completion", shell);
  expect({ code, error }).toEqual({ code: 0, error: "" });
  const path = join(folder, `script.${shell}`);
  writeFileSync(path, out);
  return path;
}

const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

test.runIf(has("bash"))("bash offers commands, options, and what an option may be; files elsewhere", async () => {
  const path = await script("bash");
  const offered = (...words: readonly string[]): readonly string[] => {
    const program = `source "${path}"; COMP_WORDS=(longspan "$@"); COMP_CWORD=$(($# )); _longspan; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const text = execFileSync("bash", ["-c", program, "bash", ...words], { encoding: "utf8" });
    return text.split("\n").filter((line) => line !== "");
  };
  expect(offered("in")).toEqual(["inspect"]);
  expect(offered("")).toEqual(expect.arrayContaining(["ask", "convert", "help"]));
  expect(offered("ask", "m", "--docu")).toEqual(["--document"]);
  expect(offered("ask", "m", "--runtime", "")).toEqual(expect.arrayContaining(["auto", "webgpu", "ort", "reference"]));
  expect(offered("convert", "m", "--to", "paddle")).toEqual(["paddle", "paddle-safetensors"]);
  expect(offered("convert", "m", "--dtype", "f")).toEqual(["float32", "float16"]);
  expect(offered("inspect", "m", "--head", "q")).toEqual(["question-answering"]);
  expect(offered("embed", "m", "--pooling", "c")).toEqual(["cls"]);
  expect(offered("classify", "m", "--aggregation", "s")).toEqual(["simple"]);
  expect(offered("completion", "z")).toEqual(["zsh"]);
  expect(offered("help", "as")).toEqual(["ask"]);
  // A path is bash's to complete, and what is typed is not run.
  expect(offered("ask", "m", "--document", "$(touch x)")).toEqual([]);
  expect(offered("ask", "./fix")).toEqual([]);
});

describe.each(["zsh", "fish"])("%s", (shell) => {
  test("its script has every command and option", async () => {
    const { out } = await runCommand("completion", shell);
    for (const words of ["ask", "inspect", "document", "question", "auto webgpu ort reference"]) expect(out).toContain(words);
    // What is shown of an option says which it is, in whole words.
    for (const words of ["a file of jobs", "a line for each answer", "processes that run the model", "of an adapter (PEFT)"])
      expect(out.replaceAll("\\", "")).toContain(words);
    expect(out).not.toMatch(/many at once|inside the check\b/);
    expect((await runCommand("completion", "ksh")).code).toBe(2);
  });

  test.runIf(has(shell))("reads it", async () => {
    const path = await script(shell);
    expect(spawnSync(shell, ["-n", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });
});

test("the targets that are offered are those there are", async () => {
  const adapters = [...(await loadAdapters([])), onnx({})];
  expect(new Set(targetNames)).toEqual(new Set(adapters.flatMap(({ targets }) => targets.map(({ name }) => name))));
});

test.runIf(has("fish"))("fish offers what the line goes on with", async () => {
  const path = await script("fish");
  const offered = execFileSync(
    "fish",
    ["--no-config", "-c", `source ${path}; complete -C 'longspan ask m --runt'; complete -C 'longspan insp'`],
    {
      encoding: "utf8",
    },
  );
  expect(offered).toContain("--runtime");
  expect(offered).toContain("inspect");
});
