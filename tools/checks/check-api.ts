// Holds what the packages export against the reviewed reports under api/. With --accept it writes them: npm run api
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { apiReports } from "./api-report.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "api");
const reports = apiReports(root);
const kept = new Set(reports.map(({ fileName }) => fileName));
const problems: string[] = [];

if (process.argv.includes("--accept")) {
  mkdirSync(folder, { recursive: true });
  for (const { fileName, text } of reports) writeFileSync(join(folder, fileName), text);
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name));
} else {
  for (const { fileName, text } of reports) {
    const file = join(folder, fileName);
    const accepted = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (accepted !== text) problems.push(`api/${fileName}: ${firstDifference(accepted, text)}`);
  }
  for (const name of readdirSync(folder)) if (!kept.has(name)) problems.push(`api/${name} is of an entry point that is gone.`);
  if (problems.length > 0) problems.push("What users see has changed. If it is meant: npm run api, look at the difference, and commit it.");
}
for (const { fileName, undocumented } of reports)
  for (const name of undocumented) problems.push(`api/${fileName}: ${name} has no sentence that says what it is.`);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

function firstDifference(accepted: string, text: string): string {
  const [before, now] = [accepted.split("\n"), text.split("\n")];
  const at = now.findIndex((line, index) => line !== before[index]);
  if (at === -1) return `line ${now.length}: ends here now`;
  return `line ${at + 1}: was ${JSON.stringify(before[at] ?? "")}, is ${JSON.stringify(now[at])}`;
}
