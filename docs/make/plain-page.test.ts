import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { expect, test } from "vitest";
import { guide } from "../.vitepress/guide.ts";
import { brokenLinks, plainPage } from "./plain-page.ts";

test("files stand in the page, the reference is words, declarations are left out", () => {
  const page =
    "# A\n\n<<< ../a.ts\n\nSee [the reference](./reference/core.md) and [Errors](./errors.md).\n\n<!-- given\ndeclare const a: 1;\n-->\n\n```ts\na;\n```\n";
  const plain = plainPage(page, (path) => ({ language: "ts", code: `// ${path}\n` }));
  expect(plain).toBe("# A\n\n```ts\n// ../a.ts\n```\n\nSee the reference and [Errors](./errors.md).\n\n```ts\na;\n```\n");
});

test("links that lead nowhere are found: absolute ones, unknown pages, unknown headings", () => {
  const pages = new Map([
    ["a.md", "# A\n\n[b](./b.md#on-disks) [web](https://example.org) [x](/operations) [c](./c.md#x) [here](#a)\n"],
    ["b.md", "## On disks\n\n[a](a.md#b) [d](./d.md)\n\n```sh\n[e](e)\n```\n"],
    ["c.md", undefined],
  ]);
  expect(brokenLinks(pages)).toEqual(["a.md: /operations", "b.md: a.md#b", "b.md: ./d.md"]);
});

test("no link of a page in the tarball leads nowhere", () => {
  const docs = join(import.meta.dirname, "..");
  const read = (path: string): string => readFileSync(join(docs, path), "utf8");
  // Written by programs, which look at them when they write them.
  const generated = new Set(["commands.md", "errors.md", "operations.md"]);
  const files = guide.flatMap(({ items = [] }) => items.flatMap(({ link }) => (link === undefined ? [] : [`${link.slice(1)}.md`])));
  const page = (file: string): string => plainPage(read(file), (path) => ({ language: extname(path).slice(1), code: read(path) }));
  expect(brokenLinks(new Map(files.map((file) => [file, generated.has(file) ? undefined : page(file)])))).toEqual([]);
});
