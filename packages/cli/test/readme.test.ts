import { readFile } from "node:fs/promises";
import { PassThrough, Readable } from "node:stream";
import { heads } from "@longspan/core";
import { expect, test } from "vitest";
import { exitCodes } from "../src/exit-code.ts";
import { createProgram } from "../src/program.ts";
import { runtimeNames } from "../src/runtimes/load-runtime.ts";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
const terminal = { input: Readable.from([]), out: new PassThrough(), error: new PassThrough() };
const { commands } = createProgram({ terminal, signal: new AbortController().signal, setExitCode: () => {} });

test.each(commands.map((command) => [command.name(), command] as const))("the README names every option of %s", (name, command) => {
  expect(readme).toContain(`longspan ${name}`);
  const missing = command.options
    .map(({ long }) => long ?? "")
    .filter((option) => !readme.includes(`${option} `) && !readme.includes(`${option}\``));
  expect(missing).toEqual([]);
});

test("the README names every head and runtime", () => {
  expect([...heads, ...runtimeNames].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test("the README's table has every exit code", () => {
  for (const code of Object.values(exitCodes)) expect(readme).toMatch(new RegExp(`^\\| ${code} \\|`, "m"));
});
