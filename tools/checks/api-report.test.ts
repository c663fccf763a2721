import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { apiReports, type ApiReport } from "./api-report.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function reportsOf(files: Readonly<Record<string, string>>): readonly ApiReport[] {
  const root = mkdtempSync(join(tmpdir(), "longspan-api-"));
  folders.push(root);
  const exports = { ".": { "@longspan/source": "./src/index.ts" }, "./deep": { "@longspan/source": "./src/deep/index.ts" } };
  const all = { "package.json": JSON.stringify({ name: "@longspan/one", exports }), "src/deep/index.ts": "", ...files };
  for (const [path, text] of Object.entries(all)) {
    const file = join(root, "packages/one", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return apiReports(root);
}

test("what is exported is told without bodies, values, private members and comments", () => {
  const [report, deep] = reportsOf({
    "src/index.ts": 'export { grow, type Plant } from "./plant.ts";\nexport { Tree } from "./tree.ts";\nexport { z } from "zod";\n',
    "src/deep/index.ts": 'export { sizes } from "../plant.ts";\n',
    "src/plant.ts":
      "/** A plant. */\nexport interface Plant {\n  /** In metres. */\n  readonly height: Height;\n}\ntype Height = number;\n/** Grows. */\nexport async function grow(plant: Plant): Promise<Plant> {\n  return plant;\n}\n/** Sizes. */\nexport const sizes: readonly number[] = [1, 2];\n",
    "src/tree.ts":
      "/** A tree. */\nexport class Tree {\n  readonly rings: number = 1;\n  private secret: Hidden = 2;\n  #more = 3;\n  cut(at: number): void {\n    console.log(at, this.secret, this.#more);\n  }\n}\ntype Hidden = number;\n",
  });
  expect(report?.text).toBe(`# @longspan/one

4 names. Written by \`npm run api\`; \`npm run lint:api\` compares it with the sources.

\`\`\`ts
function grow(plant: Plant): Promise<Plant>;

interface Plant {
  readonly height: Height;
}

class Tree {
  readonly rings: number;
  cut(at: number): void;
}
\`\`\`

Handed on:

- z from "zod"

## Types that these speak of, exported nowhere

\`\`\`ts
type Height = number;
\`\`\`
`);
  expect(report?.undocumented).toEqual([
    "Tree.rings (packages/one/src/tree.ts:3)",
    "Tree.cut (packages/one/src/tree.ts:6)",
    "Height (packages/one/src/plant.ts:6)",
  ]);
  expect(deep).toMatchObject({ fileName: "one.deep.api.md", text: expect.stringContaining("const sizes: readonly number[];") });
});

test("a name without a sentence is named with its place", () => {
  const [report] = reportsOf({
    "src/index.ts":
      "/** Said. */\nexport const said: 1 = 1;\n\nexport type Unsaid = 1;\n/** @throws Error always */\nexport const tag: 2 = 2;\n",
  });
  expect(report?.undocumented).toEqual(["Unsaid (packages/one/src/index.ts:4)", "tag (packages/one/src/index.ts:6)"]);
});

test("so is a member of an interface, whatever other comment it has; one without a name is its type's to explain", () => {
  const [report] = reportsOf({
    "src/index.ts":
      "/** Said. */\nexport interface Box {\n  (): void;\n  /** In metres. */\n  readonly height: number;\n  // In metres.\n  readonly width: number;\n  /** @throws Error always */\n  [Symbol.dispose](): void;\n}\n",
  });
  expect(report?.undocumented).toEqual(["Box.width (packages/one/src/index.ts:7)", "Box.Symbol.dispose (packages/one/src/index.ts:9)"]);
});

test("`export *` is refused, since it hides what is exported", () => {
  expect(() => reportsOf({ "src/index.ts": 'export * from "./more.ts";\n', "src/more.ts": "" })).toThrow("Name each.");
});
