import { execFile } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { readmeBlocks } from "@longspan/readme-blocks";
import { apiReports } from "./api-report.ts";

const root = join(import.meta.dirname, "../..");
const files = ["README.md", "packages/*/README.md", "docs/*.md"]
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  // Written by programs, and not always there.
  .filter((file) => !/^docs\/(?:commands|errors|operations)\.md$/.test(file));
const blocks = files.flatMap((file) => readmeBlocks(readFileSync(join(root, file), "utf8")).map((block) => ({ file, ...block })));

// Inside the repository, where the packages are found; ignored by git.
mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
const folder = mkdtempSync(join(root, "node_modules/.cache/readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("blocks are found, with what is given", () => {
  expect(readmeBlocks("# A\n\n<!-- given\ndeclare const a: number;\n-->\n\n```ts\na;\n```\n\n```ts\n1;\n```\n")).toEqual([
    { line: 8, code: "a;\n", given: "declare const a: number;" },
    { line: 12, code: "1;\n", given: "" },
  ]);
  expect(blocks.length).toBeGreaterThan(20);
});

test("every block of the READMEs and of the guides compiles with the packages as they are", async () => {
  const places = new Map(blocks.map((block, index) => [`block-${index}.ts`, block]));
  for (const [name, { given, code }] of places) writeFileSync(join(folder, name), `${given}\n${code}\nexport {};\n`);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    target: "es2023",
    lib: ["ES2024", "ESNext.Disposable", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    module: "NodeNext",
    types: ["node", "@webgpu/types"],
    typeRoots: [join(root, "node_modules/@types"), join(root, "node_modules")],
    customConditions: ["@longspan/source"],
    allowImportingTsExtensions: true,
  };
  writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, "-p", folder]).catch((error: { stdout: string }) => error);
  const told = stdout.replaceAll(/^.*?(block-\d+\.ts)\((\d+),\d+\)/gm, (_, name: string, line: string) => {
    const block = places.get(name);
    if (block === undefined) return name;
    return `${block.file}:${block.line - 1 + Number(line) - block.given.split("\n").length}`;
  });
  expect(told).toBe("");
});

test("no block needs a newer Node than the packages do", () => {
  // Node 22 does not parse explicit resource management.
  expect(blocks.filter(({ code }) => /^\s*(?:await )?using /m.test(code)).map(({ file, line }) => `${file}:${line}`)).toEqual([]);
});

test("what the text says to import from a package is exported there", () => {
  const reports = new Map(apiReports(root).map(({ text }) => [/^# (\S+)/.exec(text)?.[1], text]));
  const wrong = files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    // `name(…)` of `package`, and name from "package" behind two slashes.
    const said = [
      ...text.matchAll(/`(\w+)(?:\([^`]*\))?` of `(@longspan\/[\w/-]+|longspan)`|\b(\w+) from "(@longspan\/[\w/-]+|longspan)"/g),
    ];
    return said.flatMap(([words, name = "", entry, other = name, otherEntry = entry]) => {
      const report = reports.get(otherEntry);
      return report !== undefined && new RegExp(`\\b${other}\\b`).test(report) ? [] : [`${file}: ${words}`];
    });
  });
  expect(wrong).toEqual([]);
});

test("what a block imports has been installed, on the same page, before it", () => {
  const lacking = files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const installs = [...text.matchAll(/^npm install (.*?)(?: +#.*)?$/gm)].map(({ index, 1: words = "" }) => ({
      index,
      names: words.split(" "),
    }));
    return readmeBlocks(text).flatMap(({ line, code }) => {
      const start = text.split("\n").slice(0, line).join("\n").length;
      const there = new Set(installs.filter(({ index }) => index < start).flatMap(({ names }) => names));
      const imported = [...code.matchAll(/^(?:import|\}) .*from "((?:@[\w-]+\/)?[\w-]+)["/]/gm)].map(([, name = ""]) => name);
      return [...new Set(imported)].filter((name) => !there.has(name)).map((name) => `${file}:${line} ${name}`);
    });
  });
  expect(lacking).toEqual([]);
});
