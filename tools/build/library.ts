import { globSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { Options } from "tsup";
import { compactShaders } from "./shader-text.ts";

const common = {
  format: "esm",
  target: "es2023",
  platform: "neutral",
  sourcemap: true,
  dts: false,
} as const satisfies Options;

/**
 * The one build recipe of every package: ES modules only, JavaScript only (declarations come from `tsc -b`). With `together`, what is imported when it
 * is wanted is loaded at first: where `modules` serves browsers, Node starts faster with few files.
 */
export function library(entry: Record<string, string>, { together = false }: { readonly together?: boolean } = {}): Options {
  return {
    ...(together ? { esbuildPlugins: [importedAtFirst] } : {}),
    ...common,
    entry,
    outDir: "dist",
    splitting: true,
    clean: ["!modules/**"],
    external: [/^node:/],
  };
}

/**
 * The same for what browsers load ("default" in `exports`, where Node takes what `library` makes): a file of JavaScript for each module, under
 * dist/modules. Bundlers share code between what is loaded at first and what is loaded when it is wanted by whole files: of larger ones,
 * all that any part of a program uses would be loaded at first. `shaders` are the modules whose template literals are WGSL: see `compactShaders`.
 */
export function modules({ shaders = /^$/ }: { readonly shaders?: RegExp } = {}): Options {
  const files = globSync("src/**/*.ts").filter((file) => !file.endsWith(".test.ts"));
  return {
    ...common,
    entry: Object.fromEntries(files.map((file) => [file.slice("src/".length, -".ts".length), file])),
    outDir: "dist/modules",
    clean: true,
    external: [/^(?!\.)/],
    // Each is its source without the types.
    sourcemap: false,
    esbuildPlugins: [eachByItself, withCompactShaders(shaders)],
  };
}

/** Imports at the top what is imported when it is wanted. */
const importedAtFirst: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "imported at first",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: withStaticImports(await readFile(path, "utf8")),
      loader: "ts",
    }));
  },
};

/** A module's text whose `import("./x.ts")` are promises of what is imported at its top. */
export function withStaticImports(module: string): string {
  const imports: string[] = [];
  const code = module.replace(/\bimport\(("\.[^"]+")\)/g, (_, from: string) => {
    const name = `imported${imports.length}`;
    imports.push(`import * as ${name} from ${from};`);
    return `Promise.resolve(${name})`;
  });
  return imports.length === 0 ? module : `${code}\n${imports.join("\n")}\n`;
}

/** Leaves imports as they are, so that each module stays a file, and takes indexes apart. */
const eachByItself: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, kind }) =>
      kind === "entry-point" ? undefined : { path: path.replace(/\.ts$/, ".js"), external: true },
    );
    onLoad({ filter: /[\\/]index\.ts$/ }, async ({ path }) => {
      const { code, parts } = takeApart(await readFile(path, "utf8"));
      const folder = join("dist/modules", relative("src", dirname(path)));
      await mkdir(folder, { recursive: true });
      for (const [name, text] of parts) await writeFile(join(folder, name), text);
      return { contents: code, loader: "ts" };
    });
  },
};

function withCompactShaders(filter: RegExp): NonNullable<Options["esbuildPlugins"]>[number] {
  return {
    name: "compact shaders",
    setup({ onLoad }) {
      onLoad({ filter }, async ({ path }) => ({ contents: compactShaders(await readFile(path, "utf8")), loader: "ts" }));
    },
  };
}

/**
 * An index whose lines, `export { a, b } from "./c.ts"`, are files of their own, each passed on by `export *`. esbuild takes a file that is used and names
 * what it passes on as using all of it: what one part of a program uses of it would be loaded at first for the sake of another part.
 */
export function takeApart(index: string): { readonly code: string; readonly parts: ReadonlyMap<string, string> } {
  const parts = new Map<string, string>();
  const code = index.replace(
    /^export (type )?\{([^}]*)\} from "([^"]+)";$/gm,
    (_, types: string | undefined, list: string, from: string) => {
      const names = list.split(",").flatMap((name) => (/^\s*(?:type\s|$)/.test(name) ? [] : [name.trim()]));
      if (types !== undefined || names.length === 0) return "";
      const target = from.replace(/\.ts$/, ".js");
      const part = `index.${basename(target, ".js")}.js`;
      parts.set(part, `${parts.get(part) ?? ""}export { ${names.join(", ")} } from "${target}";\n`);
      return `export * from "./${part}";`;
    },
  );
  return { code, parts };
}
