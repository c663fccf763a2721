import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { examples, overviewExamples } from "../src/help/examples.ts";
import { withOptionFlags } from "../src/output/option-names.ts";
import { createProgram } from "../src/program.ts";
import { runCommand } from "./run-command.ts";

const terminal = { input: Readable.from([]), out: new PassThrough(), error: new PassThrough() };
const program = createProgram({ terminal, signal: new AbortController().signal, setExitCode: () => {} });
const names = program.commands.map((command) => command.name());

test("what is misspelt is named with the nearest", async () => {
  const unknown = await runCommand("askk");
  expect(unknown).toMatchObject({ code: 2, out: "", error: expect.stringMatching(/unknown command 'askk'\n\(Did you mean ask\?\)/) });
  for (const words of [
    ["help", "aks"],
    ["aks", "--help"],
    ["aks", "--json"],
  ])
    expect(await runCommand(...words)).toMatchObject({
      code: 2,
      error: expect.stringMatching(/unknown command 'aks'\n\(Did you mean ask\?\)/),
    });
  expect((await runCommand("aks", "--json")).out).toContain("Did you mean ask?");
  const option = await runCommand("ask", "model", "--documnt", "x");
  expect((await runCommand("ask", "model", "--file", "x")).error).toBe(
    "error: unknown option '--file'\n(longspan ask --help lists the options)\n",
  );
  expect((await runCommand("ask", "model", "-q", "x")).error).toContain("(Did you mean --question?)");
  const several = await runCommand("ask", "model", "--document", "d/a", "d/b", "d/c");
  expect(several).toMatchObject({
    code: 2,
    error: expect.stringMatching(/too many arguments for 'ask'.*\n\(A text with spaces and a pattern/),
  });
  expect(option).toMatchObject({ code: 2, error: expect.stringMatching(/unknown option '--documnt'\n\(Did you mean --document\?\)/) });
});

test("help ask is ask --help; nothing at all is the overview, and wrong usage", async () => {
  const [asked, told] = [await runCommand("help", "ask"), await runCommand("ask", "--help")];
  expect(asked).toEqual(told);
  expect(asked).toMatchObject({ code: 0, error: "" });
  for (const words of [["help"], ["help", "help"]]) expect(await runCommand(...words)).toEqual(await runCommand("--help"));
  expect(await runCommand()).toMatchObject({ code: 2, out: "", error: expect.stringContaining("longspan [options] [command]") });
});

describe.each(names)("%s --help", (name) => {
  test("has examples of it, with options that it has", async () => {
    const { out } = await runCommand(name, "--help");
    const shown = examples[name] ?? [];
    expect(shown.length).toBeGreaterThan(0);
    const options = program.commands.find((command) => command.name() === name)?.options.flatMap(({ long, short }) => [long, short]) ?? [];
    for (const line of shown) {
      expect(out).toContain(`  $ ${line}\n`);
      expect(line).toContain(`longspan ${name}`);
      for (const [, flag] of line.replaceAll(/"[^"]*"/g, "").matchAll(/ (--?[a-z][\w-]*)/g)) expect(options).toContain(flag);
    }
    expect(out).not.toContain("(default: [])");
  });
});

/** What each command's reader looks for, in this order, before all headings. */
const everyday: Readonly<Record<string, string>> = {
  inspect: "--json",
  convert: "--to --output --force --dry-run --json",
  extend: "--max-length --window --to --output --force --dry-run --json",
  verify: "--tolerance --forward --inputs --layers --json",
  run: "--output --force --inputs --outputs --json",
  ask: "--question --document --top-k --min-score --json",
  fill: "--text --document --top-k --json",
  classify: "--text --document --scores --aggregation --json",
  embed: "--text --document --pooling --normalize --chunks --json",
  serve: "--task --port --host --token --json",
  page: "--port --connect",
  doctor: "--json",
  completion: "",
};

test.each(names)("%s: everyday options come first, the rest under headings, each once", async (name) => {
  const { out } = await runCommand(name, "--help");
  const [first = "", ...groups] = out
    .slice(0, out.indexOf("\nExamples:"))
    .split(/\n(?=[A-Z][^\n]*:\n)/)
    .filter((part) => !/^(?:Usage|Arguments)/.test(part));
  const flagsOf = (part: string): readonly string[] => [...part.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = ""]) => flag);
  expect(flagsOf(first)).toEqual([...(everyday[name] ?? "").split(" "), "--help"].filter((flag) => flag !== ""));
  for (const group of groups) expect(flagsOf(group).length).toBeGreaterThan(0);
  const all = flagsOf(out);
  expect(new Set(all).size).toBe(all.length);
});

test("defaults have no quotes; what is nowhere is told of all that a model may be", async () => {
  for (const name of names) expect((await runCommand(name, "--help")).out).not.toMatch(/default: "/);
  expect((await runCommand("inspect", "nosuch")).error).toMatch(/no file or folder nosuch\. .* or a model on the hub \(owner\/name\)\./);
  const model = new URL("../../../fixtures/huggingface/question-answering", import.meta.url).pathname;
  expect((await runCommand("inspect", model, "--limit", "memory=1")).error).toMatch(
    /more than 1 bytes of memory.* --limit memory=256MiB\./,
  );
});

test("the overview has examples", async () => {
  const { out } = await runCommand("--help");
  for (const line of overviewExamples) {
    expect(out).toContain(`  $ ${line}\n`);
    expect(["help", ...names]).toContain(line.split(" ")[1]);
  }
});

test("errors name options as they are typed", async () => {
  const model = new URL("../../../fixtures/pipelines/question-answering", import.meta.url).pathname;
  const document = new URL("../../../fixtures/documents/lease.docx", import.meta.url).pathname;
  const words = ["ask", model, "--question", "who?", "--document", document];
  const window = await runCommand(...words, "--window-tokens", "99999");
  expect(window.error).toMatch(/--window-tokens is 99999/);
  const stride = await runCommand(...words, "--window-tokens", "40", "--stride-tokens", "39");
  expect(stride.error).toMatch(/--stride-tokens is 39: .*\(--window-tokens 40,/);
  const many = await runCommand(...words, "--document", document.replace("lease", "word"), "--window-tokens", "99999");
  expect(many.error.match(/--window-tokens is 99999/g)).toHaveLength(2);
  const missing = await runCommand("embed", model, "--text", "x", "--prompt-name", "nothing");
  expect(missing.error).toMatch(/\(--prompt\)/);
});

test("notes name options as they are typed, too; of options that go with others, the one that was given", async () => {
  const model = new URL("../../../fixtures/pipelines/question-answering", import.meta.url).pathname;
  const noted = await runCommand("inspect", model, "--adapter-name", "mine");
  expect(noted.error).toMatch(/^note {2}.* holds no adapter \(PEFT\): what --adapter-name says is not used/);
  expect((await runCommand("inspect", model, "--adapter-name", "mine", "--json")).out).toMatch(/what --adapter-name says is not used/);
  const served = await runCommand("serve", model, "--task", "fill-mask", "--port", "0");
  expect([served.code, served.error]).toEqual([
    1,
    expect.stringMatching(/--task fill-mask needs masked-lm\. .* or say --task question-answering\.\n$/),
  ]);
  for (const [option, file] of [
    ["--force", "--output"],
    ["--input-format=csv", "--input"],
    ["--output-format=csv", "--output"],
    ["--resume", "--output"],
    ["--unordered", "--output"],
    ["--workers=2", "--output"],
  ] as const) {
    const { code, error } = await runCommand("ask", model, "--question", "x", "--document", model, option);
    expect([code, error]).toEqual([
      2,
      expect.stringContaining(`error  ${option.replace(/=.*/, "")} is for ${file}. Leave it out, or give ${file}`),
    ]);
  }
});

test("the layout that is read with is named by the option that the command has for it", () => {
  const given = (name: string): string =>
    withOptionFlags(
      "Say which with --from-layout (option layout).",
      program.commands.find((command) => command.name() === name),
    );
  expect([given("convert"), given("extend"), given("inspect"), given("ask")]).toEqual([
    "Say which with --from-layout.",
    "Say which with --from-layout.",
    "Say which with --layout.",
    "Say which with --layout.",
  ]);
});

test("nothing is named twice, as a command line has it and as a program", async () => {
  const convert = program.commands.find((command) => command.name() === "convert");
  const given = (text: string): string => withOptionFlags(text, convert);
  expect(given("it exists. Pass --force (option force) to replace it.")).toBe("it exists. Pass --force to replace it.");
  expect(given("Choose float32 with --dtype (option dataType).")).toBe("Choose float32 with --dtype.");
  expect(given("With HF_HUB_OFFLINE=1 (option offline) it is not asked (HF_HUB_OFFLINE, option offline).")).toBe(
    "With HF_HUB_OFFLINE=1 it is not asked (HF_HUB_OFFLINE).",
  );
  expect(given("The window (--window, option window) is odd.")).toBe("The window (--window) is odd.");
  expect(given("Say where its files are (option tokenizer).")).toBe("Say where its files are (--tokenizer).");
});
