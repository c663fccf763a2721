import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundledInPage, installedBytes, type LockedPackage, lockedPackages, publishedFolders } from "./production-tree.ts";

/** What no file of npm's says of a package that is used. */
interface Noted {
  /** A sentence's part: what it does for Longspan. */
  readonly why: string;
  /** The day of its newest release when somebody last looked: a project that has had none for long is to be looked at. */
  readonly lastRelease: string;
}

export const notesFile = "tools/release/dependencies.json";

export function readNotes(root: string): Readonly<Record<string, Noted>> {
  return JSON.parse(readFileSync(join(root, notesFile), "utf8"));
}

/** Licences, as SPDX expressions, under which packages may come along with Longspan's. Another one is for people to decide on, once. */
const allowedLicenses: ReadonlySet<string> = new Set([
  "Apache-2.0",
  "(Apache-2.0 AND BSD-3-Clause)",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "PSF-2.0",
]);

export interface DependencyTable {
  readonly markdown: string;
  /** Sentences: licences that are not allowed, install scripts, what is not told or told of nobody. */
  readonly problems: readonly string[];
}

/** DEPENDENCIES.md: everything that comes along with the published packages, from package-lock.json and what is installed. */
export function dependencyTable(root: string): DependencyTable {
  const locked = lockedPackages(root);
  const notes = readNotes(root);
  const problems: string[] = [];
  const published = publishedFolders(root).map((path) => locked.at(path));
  const tree = locked.tree(published.map(({ path }) => path));
  const strangers = onePerVersion([...tree.values()].filter(({ path }) => !isOwn(path)));

  const usedBy = new Map<string, string[]>();
  for (const each of published) {
    for (const path of each.dependencies) if (!isOwn(path)) usedBy.set(path, [...(usedBy.get(path) ?? []), each.name]);
  }
  const broughtBy = (wanted: LockedPackage): readonly string[] => {
    const brings = ({ dependencies }: LockedPackage): boolean => dependencies.some((path) => named(locked.at(path)) === named(wanted));
    return [...new Set(strangers.filter(brings).map(({ name }) => name))].toSorted();
  };

  const told = new Set<string>();
  const noted = (name: string): Noted => {
    told.add(name);
    const note = notes[name];
    if (note === undefined) problems.push(`${notesFile} does not say why ${name} is used.`);
    return note ?? { why: "?", lastRelease: "?" };
  };
  const allowed = ({ name, version, license, path }: LockedPackage): void => {
    const { license: own = "none stated" }: { license?: string } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
    if (own !== license) problems.push(`${name} ${version} is installed under ${own}, and package-lock.json says ${license}.`);
    if (!allowedLicenses.has(license))
      problems.push(`${name} ${version} is under ${license}, which the list of allowed licences does not have.`);
  };
  for (const each of strangers) {
    allowed(each);
    if (each.hasInstallScript) problems.push(`${each.name} ${each.version} has an install script: users would run it.`);
  }

  const direct = strangers
    .filter(({ path }) => usedBy.has(path))
    .toSorted(byName)
    .map((each) => {
      const { why, lastRelease } = noted(each.name);
      return [named(each), (usedBy.get(each.path) ?? []).map(code).join(", "), why, size(root, each), each.license, lastRelease];
    });
  const brought = strangers
    .filter(({ path }) => !usedBy.has(path))
    .toSorted(byName)
    .map((each) => [named(each), broughtBy(each).join(", "), size(root, each), each.license]);

  const peers = new Map<string, string[]>();
  for (const { name, optionalPeers } of published) {
    for (const peer of optionalPeers) if (!peer.startsWith("@longspan/")) peers.set(peer, [...(peers.get(peer) ?? []), name]);
  }
  const optional = [...peers]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([peer, users]) => {
      const each = locked.at(locked.resolve("", peer));
      const { why, lastRelease } = noted(peer);
      allowed(each);
      return [
        named(each),
        users.map(code).join(", "),
        why,
        size(root, each),
        each.license,
        lastRelease,
        each.hasInstallScript ? "yes, not needed" : "none",
      ];
    });
  const inPage = bundledInPage(locked)
    .filter((path) => !isOwn(path) && !peers.has(locked.at(path).name))
    .map((path) => locked.at(path))
    .toSorted(byName)
    .map((each) => {
      const { why, lastRelease } = noted(each.name);
      allowed(each);
      return [named(each), why, each.license, lastRelease];
    });

  for (const name of Object.keys(notes)) if (!told.has(name)) problems.push(`${notesFile} tells of ${name}, which nothing uses.`);
  const bytes = strangers.reduce((sum, { path }) => sum + installedBytes(root, path), 0);
  const markdown = `<!-- Written by npm run dependencies, and checked by npm run lint. -->

# Dependencies

All that is installed with Longspan's packages: ${strangers.length} packages of others, ${inMegabytes(bytes)}. None has an install script. \`@longspan/core\`, \`@longspan/pickle\`
and \`@longspan/safetensors\` have no dependencies. The licences are checked against a list (\`tools/release/dependency-table.ts\`); a software bill of materials (SBOM) of each
package, in the form of CycloneDX, is written with a release (\`npm run release\`, and \`npm run sbom\` alone). Versions are exact: a new one comes with a release of Longspan's.
"Last release" is the newest of the project, whichever is used, at the time when somebody last looked.

## What the packages use

${table(["package", "used by", "why", "size", "licence", "last release"], direct)}

## What these bring

${table(["package", "brought by", "size", "licence"], brought)}

## What users may add

Runtimes that are used where they are installed. Their install scripts fetch what Longspan does not use: \`--ignore-scripts\` leaves it.

${table(["package", "used by", "why", "size", "licence", "last release", "install script"], optional)}

## What is built into the page

\`longspan page\` serves a page that is built into the command line's package, of Longspan's own packages, what they use, onnxruntime-web, and what stands below; the licences lie beside it, in
\`licenses.md\`.

${table(["package", "why", "licence", "last release"], inPage)}
`;
  return { markdown, problems };
}

/** npm may put one version in several places. */
function onePerVersion(packages: readonly LockedPackage[]): readonly LockedPackage[] {
  return [...new Map(packages.map((each) => [named(each), each])).values()];
}

function isOwn(path: string): boolean {
  return !path.includes("node_modules/");
}

function byName(left: LockedPackage, right: LockedPackage): number {
  if (left.name !== right.name) return left.name < right.name ? -1 : 1;
  return left.path < right.path ? -1 : 1;
}

function code(name: string): string {
  return `\`${name}\``;
}

function named({ name, version }: LockedPackage): string {
  return `${name} ${version}`;
}

function size(root: string, { path }: LockedPackage): string {
  const bytes = installedBytes(root, path);
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : inMegabytes(bytes);
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
