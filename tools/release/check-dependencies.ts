// Holds DEPENDENCIES.md to package-lock.json and what is installed, and licences to the list of those that are allowed; no network is asked.
// `npm run dependencies` writes the file, and asks npm's registry for the day of each project's last release with `-- --releases`.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { dependencyTable, notesFile, readNotes } from "./dependency-table.ts";

const { values: options } = parseArgs({
  options: { write: { type: "boolean", default: false }, releases: { type: "boolean", default: false } },
});
const root = join(import.meta.dirname, "../..");
const file = join(root, "DEPENDENCIES.md");

if (options.releases) {
  const looked = Object.entries(readNotes(root)).map(([name, note]) => [name, { ...note, lastRelease: lastRelease(name) }] as const);
  writeFileSync(join(root, notesFile), `${JSON.stringify(Object.fromEntries(looked), null, 2)}\n`);
}
const { markdown, problems } = dependencyTable(root);
if (options.write) writeFileSync(file, markdown);
for (const problem of problems) console.error(problem);
const stale = !existsSync(file) || readFileSync(file, "utf8") !== markdown;
if (stale) console.error("DEPENDENCIES.md is not what is installed: npm run dependencies.");
if (stale || problems.length > 0) process.exitCode = 1;

/** The day on which the version that npm gives by default was published. */
function lastRelease(name: string): string {
  const said: unknown = JSON.parse(execFileSync("npm", ["view", name, "dist-tags", "time", "--json"], { encoding: "utf8" }));
  const { time, "dist-tags": tags } = (Array.isArray(said) ? said[0] : said) as {
    time: Record<string, string>;
    "dist-tags": { latest: string };
  };
  const day = time[tags.latest]?.slice(0, 10);
  if (day === undefined) throw new Error(`The registry does not say when ${name} ${tags.latest} was published.`);
  return day;
}
