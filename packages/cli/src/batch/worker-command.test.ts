import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { createProgram } from "../program.ts";
import { workerCommand } from "./worker-command.ts";

const argv = process.argv;
afterEach(() => {
  process.argv = argv;
});

test("options of a worker stand before what `--` ends", async () => {
  const terminal = { input: new PassThrough(), out: new PassThrough(), error: new PassThrough() };
  const program = createProgram({ terminal, signal: new AbortController().signal, setExitCode: () => {} });
  const declared = program.commands.find((one) => one.name() === "ask");
  if (declared === undefined) throw new Error("there is no command ask");
  const words = ["ask", "--input=x.jsonl", "--workers", "2", "--top-k", "3"];
  const its = ["ask", "--top-k", "3", "--input", "-", "--output", "-", "--unordered", "--json", "--runtime", "reference"];
  for (const model of [["--", "-model"], []]) {
    process.argv = ["node", "longspan", ...words, ...model];
    const command = await workerCommand({ document: [], adapter: [], workers: 2, runtime: "reference" }, declared, terminal, {
      command: "ask",
    });
    expect(command.slice(command.indexOf("ask"))).toEqual([...its, ...model]);
  }
});
