import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** An entry point of a published package: what a reader imports, and the source file behind it. */
export interface PublishedEntry {
  readonly name: string;
  readonly source: string;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | { readonly "@longspan/source"?: string | { readonly default: string } }>>;
}

/** All entry points of all published packages, by name. `root` is the repository's folder. */
export function publishedEntries(root: string): readonly PublishedEntry[] {
  return globSync("packages/*/package.json", { cwd: root })
    .flatMap((file) => entriesOf(join(root, file)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function entriesOf(file: string): readonly PublishedEntry[] {
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
  if (manifest.private === true) return [];
  return Object.entries(manifest.exports ?? {}).flatMap(([path, target]) => {
    if (typeof target === "string") return [];
    const source = target["@longspan/source"];
    if (typeof source !== "string") return [];
    return [{ name: manifest.name + path.slice(1), source: join(dirname(file), source) }];
  });
}
