import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { unreachedFiles } from "./unreached-files.ts";

const work = mkdtempSync(join(tmpdir(), "longspan-unreached-"));
afterAll(() => rmSync(work, { recursive: true }));

function packageOf(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(work, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const manifest = JSON.stringify({
  exports: {
    ".": { source: "./src/index.ts", types: "./dist/index.d.ts", node: "./dist/index.js", default: "./dist/modules/index.js" },
    "./package.json": "./package.json",
  },
  imports: { "#gpu": { default: { types: "./dist/device/gpu.d.ts", default: "./dist/modules/device/gpu.js" } } },
});

test("what no entry point reaches is named: through imports at the top, when wanted, of types, and of the package's own names", () => {
  const folder = packageOf("whole", {
    "package.json": manifest,
    "dist/index.js": 'import "./chunk.js";',
    "dist/chunk.js": "",
    "dist/index.d.ts": 'export { a } from "./a.ts";\nexport declare const b: import("./rooms/b.js").B;',
    "dist/a.d.ts": 'import type { Other } from "@longspan/core";\nexport declare const a: Other;',
    "dist/rooms/b.d.ts": 'import type { C } from "../c.js";\nexport interface B extends C {}',
    "dist/c.d.ts": "export interface C {}",
    "dist/inside.d.ts": "export declare const inside: 1;",
    "dist/device/gpu.d.ts": "export {};",
    "dist/modules/index.js": 'import{a}from"./a.js";import"./effects.js";export const b=()=>import("./rooms/b.js");',
    "dist/modules/a.js": "export const a = 1;",
    "dist/modules/effects.js": "",
    "dist/modules/rooms/b.js": 'export * from "../c.js";',
    "dist/modules/c.js": "",
    "dist/modules/inside.js": "",
    "dist/modules/device/gpu.js": "",
  });
  expect(unreachedFiles(folder)).toEqual(["inside.d.ts", "modules/inside.js"]);
});

test("an entry point that leads nowhere is named", () => {
  const folder = packageOf("broken", { "package.json": '{ "exports": "./dist/index.js" }' });
  expect(() => unreachedFiles(folder)).toThrow(/package\.json of .*broken leads to dist\/index\.js, which is not there/);
});
