import { readFile } from "node:fs/promises";
import { PassThrough, Readable } from "node:stream";
import { pipelineDefaults } from "@longspan/pipelines";
import { describe, expect, test } from "vitest";
import { createProgram } from "../src/program.ts";

const read = async (path: string): Promise<string> => readFile(new URL(path, import.meta.url), "utf8");
const ownReadme = await read("../README.md");
const pipelinesReadme = await read("../../pipelines/README.md");
const terminal = { input: Readable.from([]), out: new PassThrough(), error: new PassThrough() };
const { commands } = createProgram({ terminal, signal: new AbortController().signal, setExitCode: () => {} });

/** The options of commands that stand for a pipeline's option with a default. Those that switch a thing off or on need say none. */
const flags: readonly { command: string; flag: string; value: string | number }[] = [
  { command: "ask", flag: "--top-k", value: pipelineDefaults.questionAnswering.topK },
  { command: "ask", flag: "--max-answer-tokens", value: pipelineDefaults.questionAnswering.maxAnswerTokens },
  { command: "ask", flag: "--stride-tokens", value: pipelineDefaults.questionAnswering.strideTokens },
  { command: "fill", flag: "--top-k", value: pipelineDefaults.fillMask.topK },
  { command: "classify", flag: "--aggregation", value: pipelineDefaults.classifyTokens.aggregation },
  { command: "embed", flag: "--pooling", value: pipelineDefaults.embedText.pooling },
];

/** The part of the command line's README that is about a command. */
function sectionOf(command: string): string {
  return ownReadme.split(/^## /m).find((section) => section.split("\n")[0]?.split(", ").includes(command) === true) ?? "";
}

describe.each(flags)("longspan $command $flag", ({ command, flag, value }) => {
  test("its help tells the default", () => {
    const option = commands.find((one) => one.name() === command)?.options.find(({ long }) => long === flag);
    expect(option?.description).toContain(`(default: ${value})`);
  });

  test("the README tells the default", () => {
    const rows = sectionOf(command)
      .split("\n")
      .filter((line) => line.startsWith("|") && line.includes(`\`${flag} `));
    expect(rows.length).toBe(1);
    expect(rows[0]).toMatch(new RegExp(`(?:default \`?${value}\\b|\`?${value}\`? [^|]*default|share ${value}\\b)`, "i"));
  });
});

/** The rows of the table of options in the README of `@longspan/pipelines`: [pipeline, option, default]. A cell left empty is as above. */
function optionRows(): readonly (readonly [string, string, string])[] {
  let pipeline = "";
  return pipelinesReadme
    .split("\n")
    .filter((line) => /^\| .*\|$/.test(line))
    .map((line): [string, string, string] => {
      const [name = "", option = "", value = ""] = line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", ""));
      if (name !== "") pipeline = name;
      return [pipeline, option, value];
    });
}

const { run, ...pipelines } = pipelineDefaults;
const options = Object.entries(pipelines).flatMap(([pipeline, defaults]) =>
  Object.entries(defaults).map(([option, value]: [string, unknown]) => ({ pipeline, option, value })),
);

describe("the README of @longspan/pipelines", () => {
  test.each(options)("tells the default of $option of $pipeline", ({ pipeline, option, value }) => {
    const row = optionRows().find(([name, names]) => name === pipeline && names.split(", ").includes(option));
    const told = row?.[2] === "as above" ? optionRows().find(([, names]) => names === option)?.[2] : row?.[2];
    expect(told?.split(",")[0]).toBe(JSON.stringify(value));
  });

  test("tells the default of batchSize", () => {
    expect(pipelinesReadme).toContain(`\`batchSize\` (${run.batchSize}: `);
  });
});

/** Where each pipeline's options are declared. */
const declarations: Readonly<Record<keyof typeof pipelines, string>> = {
  questionAnswering: "question-answering/types.ts",
  fillMask: "fill-mask/fill-mask.ts",
  classifyText: "classify-text/classify-text.ts",
  embedChunks: "embed-text/embed-chunks.ts",
  classifyTokens: "classify-tokens/classify-tokens.ts",
  embedText: "embed-text/embed-text.ts",
  runBatch: "batch/batch-types.ts",
};

test.each(Object.entries(declarations))("what the comments of the options of %s tell as a default is it", async (pipeline, path) => {
  const text = await read(`../../pipelines/src/${path}`);
  const wrong = options
    .filter((one) => one.pipeline === pipeline)
    .flatMap(({ option, value }) => {
      const told = new RegExp(`Default ([^.]*)\\.[^*]*\\*/\\s*readonly ${option}\\?:`).exec(text)?.[1]?.replaceAll(/[`"]/g, "");
      return told === undefined || told === JSON.stringify(value).replaceAll('"', "") ? [] : [`${option}: ${told}`];
    });
  expect(wrong).toEqual([]);
});
