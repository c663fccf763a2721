import { existsSync, globSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path/posix";

/**
 * What a built package makes for itself alone: declarations, and modules for bundlers, that are reached from none of its entry points ("exports"
 * and "imports" of its package.json). Paths within dist/, sorted. Each would take a block of a user's disk.
 * @throws Error where an entry point leads to a file that is not there.
 */
export function unreachedFiles(folder: string): readonly string[] {
  const manifest: object = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const reached = new Set<string>();
  const follow = (file: string, from: string): void => {
    if (reached.has(file)) return;
    if (!existsSync(join(folder, file)))
      throw new Error(`${from} of ${folder} leads to ${file}, which is not there: build the package first.`);
    reached.add(file);
    for (const next of filesNamedBy(readFileSync(join(folder, file), "utf8"), file)) follow(next, file);
  };
  for (const entry of targetsOf([at(manifest, "exports"), at(manifest, "imports")])) follow(entry, "package.json");
  return globSync(["dist/**/*.d.ts", "dist/modules/**/*.js"], { cwd: folder })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => !reached.has(file))
    .map((file) => file.slice("dist/".length))
    .toSorted();
}

function at(object: object, key: string): unknown {
  return Object.entries(object).find(([name]) => name === key)?.[1];
}

/** The files under dist/ that a part of a package.json leads to. */
function targetsOf(part: unknown): readonly string[] {
  if (typeof part === "string") return part.startsWith("./dist/") && /\.js$|\.d\.ts$/.test(part) ? [normalize(part)] : [];
  return typeof part === "object" && part !== null ? Object.values(part).flatMap(targetsOf) : [];
}

/** What a module or a declaration imports of its own package, at the top, when it is wanted, or as a type. */
function filesNamedBy(text: string, file: string): readonly string[] {
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"(\.{1,2}\/[^"]+)"/g)].map(([, path = ""]) => {
    const target = normalize(join(file, "..", path));
    return file.endsWith(".d.ts") ? target.replace(/\.[jt]s$/, ".d.ts") : target;
  });
}
