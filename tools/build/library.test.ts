import { expect, test } from "vitest";
import { takeApart, withStaticImports } from "./library.ts";

test("each line of an index is a file of its own, with the values alone", () => {
  const index = [
    'export { a, type A, b as c } from "./one.ts";',
    'export type { B } from "./two.ts";',
    'export {\n  type C,\n  d,\n} from "./rooms/three.ts";',
    'export { e } from "./one.ts";',
  ].join("\n");
  const { code, parts } = takeApart(index);
  expect([...parts]).toEqual([
    ["index.one.js", 'export { a, b as c } from "./one.js";\nexport { e } from "./one.js";\n'],
    ["index.three.js", 'export { d } from "./rooms/three.js";\n'],
  ]);
  expect(code.split("\n").filter((line) => line !== "")).toEqual([
    'export * from "./index.one.js";',
    'export * from "./index.three.js";',
    'export * from "./index.one.js";',
  ]);
});

test("a module of the package is imported at the top, another package when it is wanted", () => {
  const module = 'const { a } = await import("./a.ts");\nconst b = await import("b");\nconst c = (await import("../c.ts")).c;';
  expect(withStaticImports(module).split("\n")).toEqual([
    "const { a } = await Promise.resolve(imported0);",
    'const b = await import("b");',
    "const c = (await Promise.resolve(imported1)).c;",
    'import * as imported0 from "./a.ts";',
    'import * as imported1 from "../c.ts";',
    "",
  ]);
});
