import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The version of a package that can be imported here; undefined where it is not installed. */
export function installedVersion(name: string): string | undefined {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    let text: string;
    try {
      text = readFileSync(join(folder, name, "package.json"), "utf8");
    } catch {
      continue;
    }
    const { version }: { version?: unknown } = JSON.parse(text);
    if (typeof version === "string") return version;
  }
  return undefined;
}
