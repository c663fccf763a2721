import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** The folder of the package that a module belongs to, where others wrote it. */
function packageOf(moduleId: string): string | undefined {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/?]+)\//.exec(moduleId)?.[1];
}

/** What a package's own licence files say. */
function textOf(folder: string): string {
  const { name, version, license }: { name: string; version: string; license?: string } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const files = readdirSync(folder).filter((name) => /^(?:licen[cs]e|notice|copying)/i.test(name));
  const texts = files.toSorted().map((name) => readFileSync(join(folder, name), "utf8").trim());
  return [`## ${name} ${version}`, license ?? "No licence is stated.", ...texts].join("\n\n");
}

type Bundle = Readonly<Record<string, { readonly type: "asset" } | { readonly type: "chunk"; readonly moduleIds: readonly string[] }>>;

/**
 * `licenses.md` beside the page: the licences of all packages whose code is built into it, as they ask for. Workers are built for themselves, before
 * the page: `ofWorkers` is for them.
 */
export function pageLicenses(): { readonly ofPage: Plugin; readonly ofWorkers: () => Plugin[] } {
  const folders = new Set<string>();
  const collect = (bundle: Bundle): void => {
    for (const output of Object.values(bundle)) {
      for (const id of output.type === "chunk" ? output.moduleIds : []) {
        const folder = packageOf(id);
        if (folder !== undefined) folders.add(folder);
      }
    }
  };
  return {
    ofWorkers: () => [{ name: "licenses-of-workers", generateBundle: (_, bundle) => collect(bundle) }],
    ofPage: {
      name: "licenses",
      generateBundle(_, bundle) {
        collect(bundle);
        const texts = [...new Set([...folders].map(textOf))].toSorted();
        const head = "# Licences\n\nCode of these packages is built into the page, beside Longspan's own (Apache-2.0).";
        this.emitFile({ type: "asset", fileName: "licenses.md", source: `${[head, ...texts].join("\n\n")}\n` });
      },
    },
  };
}
