import { expect, test } from "vitest";
import { plainPage } from "./plain-page.ts";

test("files stand in the page, the reference is words, declarations are left out", () => {
  const page =
    "# A\n\n<<< ../a.ts\n\nSee [the reference](./reference/core.md) and [Errors](./errors.md).\n\n<!-- given\ndeclare const a: 1;\n-->\n\n```ts\na;\n```\n";
  const plain = plainPage(page, (path) => ({ language: "ts", code: `// ${path}\n` }));
  expect(plain).toBe("# A\n\n```ts\n// ../a.ts\n```\n\nSee the reference and [Errors](./errors.md).\n\n```ts\na;\n```\n");
});
