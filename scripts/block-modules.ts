import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformWithOxc, type Plugin } from "vite";
import { blockModule, readmeBlocks } from "../tools/readme-blocks/readme-blocks.ts";

const prefix = "virtual:block:";

/**
 * Makes modules of blocks in Markdown: `import { run } from "virtual:block:docs/run-in-browsers.md:0"` is the file's first. `run(given)` carries it out as it
 * stands, with the values that the text around it has introduced, and returns what it declares at its margin.
 */
export function blockModules(root: string): Plugin {
  return {
    name: "blocks of Markdown",
    enforce: "pre",
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : undefined),
    async load(id) {
      const [, path, index] = id.startsWith(`\0${prefix}`) ? (/^(.+):(\d+)$/.exec(id.slice(prefix.length + 1)) ?? []) : [];
      if (path === undefined) return undefined;
      const block = readmeBlocks(readFileSync(join(root, path), "utf8"))[Number(index)];
      if (block === undefined) throw new Error(`${path} has no block ${index}`);
      return (await transformWithOxc(blockModule(block), "block.ts")).code;
    },
  };
}
