// The guide as plain Markdown for @longspan/core's tarball, so that it is there without a network: writes packages/core/guides, which git ignores.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { guide } from "../.vitepress/guide.ts";
import { brokenLinks, plainPage } from "./plain-page.ts";

const docs = resolve(import.meta.dirname, "..");
const folder = resolve(docs, "../packages/core/guides");

const written = new Map<string, string>();
const chapters = guide.map(({ text = "", items = [] }) => {
  const pages = items.flatMap(({ text: title = "", link }) => (link === undefined ? [] : [{ title, file: `${link.slice(1)}.md` }]));
  for (const { file } of pages) {
    const page = readFileSync(join(docs, file), "utf8");
    written.set(
      file,
      plainPage(page, (path) => ({ language: extname(path).slice(1), code: readFileSync(join(docs, path), "utf8") })),
    );
  }
  return `## ${text}\n\n${pages.map(({ title, file }) => `- [${title}](${file})\n`).join("")}`;
});
written.set("README.md", `# Longspan's guide\n\n${chapters.join("\n")}`);

const broken = brokenLinks(written);
if (broken.length > 0) throw new Error(`Links of the guide lead nowhere:\n${broken.join("\n")}`);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const [file, text] of written) writeFileSync(join(folder, file), text);
