import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compactShaders, templateParts } from "./shader-text.ts";

/** The tokens of WGSL's text, comments left out, and whether a blank stands at either end. */
function meaningOf(text: string): readonly unknown[] {
  const tokens = text.match(/\/\/[^\n]*|\/\*[^]*?\*\/|[\w\\]+|[-+*/%&|^!<>=.]+|\S/g) ?? [];
  return [/^\s/.test(text), tokens.filter((token) => !/^\/[/*]/.test(token)), /\s$/.test(text)];
}

test("shaders lose indentation, comments and blanks that separate nothing; what is not a shader stays", () => {
  const module = [
    'const name = `lane ${"`"} of ${one}`; // it`s a comment',
    "const odd = text.replace(/[`/]/g, '`');",
    "const code = `",
    "  // The row's sum.",
    "  fn sum(row : u32) -> f32 {",
    "    return a[row] - -1.0 * ${wide ? `f32(b [ ${at} ])` : zero} /* of both */ + c;",
    "  }",
    "${more} `;",
  ];
  expect(compactShaders(module.join("\n")).split("\n")).toEqual(
    [
      ...module.slice(0, 2),
      "const code = `",
      "",
      "fn sum(row:u32)->f32{",
      "return a[row]- -1.0* ${wide ? `f32(b[ ${at} ])` : zero} +c;",
      "}",
      "${more} `;",
    ].filter((line) => line !== ""),
  );
});

const folder = join(import.meta.dirname, "../../packages/runtime-webgpu/src/kernels");

test("the tokens of every shader of runtime-webgpu stay the same", () => {
  let shaders = 0;
  for (const file of globSync("**/*.ts", { cwd: folder })) {
    const module = readFileSync(join(folder, file), "utf8");
    const compact = compactShaders(module);
    const [before, after] = [module, compact].map((text) =>
      templateParts(text).map((part) => ({ part, text: text.slice(part.start, part.end) })),
    );
    for (const [index, { part, text }] of (before ?? []).entries()) {
      const found = after?.[index]?.text ?? "";
      expect([file, part.isShader ? meaningOf(found) : found]).toEqual([file, part.isShader ? meaningOf(text) : text]);
      if (part.isShader) shaders++;
    }
    expect([file, after?.length]).toEqual([file, before?.length]);
  }
  expect(shaders).toBeGreaterThan(500);
});
