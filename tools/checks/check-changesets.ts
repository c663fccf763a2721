// Names every package whose users would not be told of a change. Two rules: see "Changesets" in CONTRIBUTING.md.
//
//     node tools/checks/check-changesets.ts           checks
//     node tools/checks/check-changesets.ts --record  writes down the sources that are released now (npm run version)
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readChangesets } from "@changesets/read";
import { changedWithoutChangeset, silentBranchChanges, type BranchCommit } from "./changeset-rules.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const releasedFile = `${root}.changeset/released.json`;

const folders = readdirSync(`${root}packages`).toSorted();
const nameOf = new Map(
  folders.map((folder) => {
    const { name }: { name: string } = JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, "utf8"));
    return [folder, name];
  }),
);

function isSource(path: string): boolean {
  return path.endsWith(".ts") && !path.endsWith(".test.ts");
}

/** One sum over the names and contents of a package's sources. */
function sourcesSum(folder: string): string {
  const hash = createHash("sha256");
  const sources = readdirSync(`${root}packages/${folder}/src`, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && isSource(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .toSorted();
  for (const path of sources)
    hash
      .update(`${path.slice(root.length)}\n`)
      .update(readFileSync(path))
      .update("\n");
  return hash.digest("hex");
}

function git(...given: readonly string[]): string {
  return execFileSync("git", [...given], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

function gitOr(otherwise: string, ...given: readonly string[]): string {
  try {
    return git(...given);
  } catch {
    return otherwise;
  }
}

/** The commits that `main` does not have; undefined where git does not know `main`, or not how far back this goes. */
function branchCommits(): readonly BranchCommit[] | undefined {
  const main = ["origin/main", "main"].find((name) => gitOr("", "rev-parse", "--verify", "--quiet", name) !== "");
  const base = main === undefined ? "" : gitOr("", "merge-base", "HEAD", main);
  if (base === "") return undefined;
  const hashes = git("rev-list", "--no-merges", `${base}..HEAD`).split("\n").filter(Boolean);
  return hashes.map((hash) => ({
    message: git("show", "--no-patch", "--format=%B", hash),
    paths: git("show", "--name-only", "--format=", hash).split("\n"),
  }));
}

const sums = Object.fromEntries(folders.map((folder) => [nameOf.get(folder) ?? folder, sourcesSum(folder)]));
if (parseArgs({ options: { record: { type: "boolean" } } }).values.record === true) {
  writeFileSync(releasedFile, `${JSON.stringify(sums, null, 2)}\n`);
} else {
  const released: Readonly<Record<string, string>> = JSON.parse(readFileSync(releasedFile, "utf8"));
  const changesets = await readChangesets(root);
  const commits = branchCommits();
  const problems = [
    ...changedWithoutChangeset(sums, released, new Set(changesets.flatMap(({ releases }) => releases.map(({ name }) => name)))),
    ...silentBranchChanges(
      commits ?? [],
      nameOf,
      new Map(changesets.map(({ id, releases }) => [`.changeset/${id}.md`, releases.map(({ name }) => name)])),
    ),
  ];
  if (commits === undefined) console.log("changesets: main is not here, so only the sources since the last release were looked at.");
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
