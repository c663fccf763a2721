import { PassThrough, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createProgram } from "../src/program.ts";
import { runWithInput } from "./run-command.ts";

const fixture = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
const terminal = { input: Readable.from([]), out: new PassThrough(), error: new PassThrough() };
const { commands } = createProgram({ terminal, signal: new AbortController().signal, setExitCode: () => {} });

/** What a path, a name or a text may be is not a matter of usage: a file that is not there has exit code 1, as a model that is not there. */
const anything = Symbol("anything");

/** For each option that takes a value: values that it never has, or `anything`. A new option needs its line here. */
const wrongValues: Readonly<Record<string, readonly string[] | typeof anything>> = {
  "--window": ["3", "x", "1000000000000"],
  "--config": anything,
  "--head": ["tail"],
  "--prefix": anything,
  "--base": anything,
  "--adapter-config": anything,
  "--adapter-name": anything,
  "--adapter": ["./no-such-module.ts"],
  "--limit": ["memory", "disk=1GB", "memory=none"],
  "--timeout": ["0", "soon"],
  "--layout": ["no-such-layout"],
  "--from-layout": ["no-such-layout"],
  "--tokenizer": anything,
  "--to": ["no-such-target"],
  "--output": anything,
  "--dtype": ["fp16", "int64"],
  "--shard-size": ["many", "0"],
  "--quantize": ["q4"],
  "--global-attention": ["all"],
  "--max-length": ["0", "1e12x"],
  "extend --max-length": ["0", "1000000000000"],
  "--tolerance": ["-1", "much"],
  "--inputs": anything,
  "--runtime": ["abacus"],
  "--precision": ["float8"],
  "--threads": ["0", "100000"],
  "--outputs": ["answers"],
  "--question": anything,
  "--document": anything,
  "--text": anything,
  "--top-k": ["0", "all"],
  "--min-score": ["2", "high"],
  "--input": anything,
  "--input-format": ["toml"],
  "--output-format": ["toml"],
  "--workers": ["0", "100000"],
  "--batch-size": ["0", "1.5"],
  "--encoding": ["utf-12"],
  "--max-answer-tokens": ["0"],
  "--window-tokens": ["0", "5000"],
  "--stride-tokens": ["-1", "5000"],
  "--scores": ["sigmoids"],
  "--aggregation": ["average"],
  "--window-scores": ["min"],
  "--pooling": ["median", "mean,median"],
  "--prompt": anything,
  "--prompt-name": ["no-such-prompt"],
  "--task": ["translation"],
  "--port": ["65536", "http"],
  "--host": anything,
  "--token": ["two words"],
  "--batch-wait": ["-1", "3000000000"],
  "--queue": ["0"],
  "--max-body": ["none", "1GB"],
  "--request-timeout": ["0", "3000000"],
  "--connect": ["models"],
};

const qa = fixture("huggingface/question-answering");
const document = fixture("../examples/train-lightning-qa/model/document.txt");
/** A right command line, to which the wrong value is added. */
const rightWords: Readonly<Record<string, readonly string[]>> = {
  inspect: [qa],
  convert: [qa, "--to", "hf", "--dry-run"],
  extend: [fixture("roberta/plain/roberta-masked-lm"), "--max-length", "48", "--window", "16", "--dry-run"],
  verify: [qa, qa, "--forward"],
  run: [fixture("huggingface/model"), "--inputs", "-"],
  ask: [qa, "--question", "Who?", "--document", document],
  fill: [fixture("huggingface/masked-lm"), "--document", document],
  classify: [fixture("forward/models/sequence-classification"), "--document", document],
  embed: [fixture("huggingface/model"), "--tokenizer", qa, "--document", document, "--chunks"],
  serve: [qa, "--port", "0", "--runtime", "reference"],
  page: [],
};

/** The right words without the option that is to be wrong. */
function without(words: readonly string[], flag: string): readonly string[] {
  const at = words.indexOf(flag);
  return at === -1 ? words : words.toSpliced(at, 2);
}

interface Case {
  readonly name: string;
  readonly flag: string;
  /** Undefined where the table has none. */
  readonly value: string | undefined;
}

const cases = commands.flatMap((command) =>
  command.options.flatMap((option): readonly Case[] => {
    const [name, flag] = [command.name(), option.long ?? ""];
    if (!option.required) return [];
    const wrong = wrongValues[`${name} ${flag}`] ?? wrongValues[flag] ?? [undefined];
    return wrong === anything ? [] : wrong.map((value) => ({ name, flag, value }));
  }),
);

describe("a value that an option never has is wrong usage, exit code 2, and names it", () => {
  test.each(cases)("longspan $name $flag $value", async ({ name, flag, value }) => {
    if (value === undefined) throw new Error(`${flag} of ${name} has no wrong values above`);
    // What the words before say is needed is there, so that nothing else is at fault.
    const words = [name, ...without(rightWords[name] ?? [], flag), flag, value];
    const { code, out, error } = await runWithInput('{"input_ids": [[0, 5, 2]]}', ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    // A token is a secret, and is not repeated.
    expect(error).toContain(flag === "--token" ? flag : (value.split(",").at(-1) ?? ""));
  });
});
