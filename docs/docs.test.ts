import { execFile } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { readmeBlocks } from "@longspan/readme-blocks";
import { afterAll, describe, expect, test } from "vitest";
import { guide } from "./.vitepress/guide.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const sources = "--conditions=@longspan/source";
const generated = new Set(["errors.md", "commands.md", "operations.md"]);
const pages = globSync("*.md", { cwd: import.meta.dirname }).filter((page) => !generated.has(page));

// Inside the repository, where the packages are found, and outside of node_modules, where Node takes no types away; ignored by git.
mkdirSync(join(root, "out"), { recursive: true });
const folder = mkdtempSync(join(root, "out/docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The files that the pages speak of, under the names they have there. */
function prepareFiles(place: string): void {
  const copies: Readonly<Record<string, string>> = {
    "fixtures/huggingface/question-answering": "longformer-base-4096",
    "fixtures/lightning/lightning_qa.ckpt": "runs/triviaqa/epoch=3.ckpt",
    "fixtures/lightning/config.json": "runs/triviaqa/config.json",
    "fixtures/roberta/plain/roberta-masked-lm": "roberta-masked-lm",
    "examples/train-lightning-qa/model": ".",
  };
  for (const [from, to] of Object.entries(copies)) cpSync(join(root, from), join(place, to), { recursive: true });
}

test("every page is in the guide, and every page of the guide is there", () => {
  const linked = guide.flatMap(({ items = [] }) => items.flatMap(({ link }) => (link === undefined ? [] : [`${link.slice(1)}.md`])));
  expect(linked.filter((page) => !generated.has(page)).toSorted()).toEqual(pages.filter((page) => page !== "index.md").toSorted());
});

const running = pages
  .map((page) => {
    const text = readFileSync(join(import.meta.dirname, page), "utf8");
    const commands = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
      .flatMap(([, lines = ""]) => lines.split("\n"))
      .flatMap((line) => /^(?:npx )?longspan (.*)$/.exec(line)?.[1] ?? []);
    return { page, commands, blocks: readmeBlocks(text).filter(({ given }) => given === "") };
  })
  .filter(({ blocks, commands }) => blocks.length + commands.length > 0);

describe.each(running)("$page", ({ page, blocks, commands }) => {
  const place = join(folder, page);
  prepareFiles(place);

  test.each(blocks)("the block at line $line runs", async ({ line, code }) => {
    writeFileSync(join(place, `block-${line}.ts`), code);
    await run(process.execPath, [sources, `block-${line}.ts`], { cwd: place });
    for (const made of ["triviaqa-hf", "paddle-out"]) rmSync(join(place, made), { recursive: true, force: true });
  });

  test("its commands run, one after the other", async () => {
    for (const command of commands) {
      const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
      await run(process.execPath, [sources, join(root, "packages/cli/src/cli.ts"), ...words], { cwd: place });
    }
  });
});
