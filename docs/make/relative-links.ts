// Makes the site's links relative, so that it can be read from disk without a server (all but its search, which is a program that browsers load from servers alone).
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { withRelativeLinks } from "./with-relative-links.ts";

const dist = resolve(import.meta.dirname, "../dist");
const files = new Set(globSync("**/*", { cwd: dist }));
const lost: string[] = [];
for (const page of globSync("**/*.html", { cwd: dist })) {
  const { html, links } = withRelativeLinks(readFileSync(join(dist, page), "utf8"), page);
  lost.push(...links.filter((link) => !files.has(link)).map((link) => `${page}: ${link}`));
  writeFileSync(join(dist, page), html);
}
if (lost.length > 0) throw new Error(`Links of the site lead nowhere:\n${lost.join("\n")}`);
console.log(`docs/dist/index.html can be opened as it is; with search: npm run docs:serve`);
