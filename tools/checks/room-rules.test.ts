import { expect, test } from "vitest";
import { brokenRoomRules } from "./room-rules.ts";
import type { SourceFile } from "./source-file.ts";

const order = { house: ["ground/", "", "ground/attic.ts", "roof/"] };

function check(path: string, ...imports: readonly string[]): readonly string[] {
  const file: SourceFile = {
    path,
    text: "",
    docComments: [],
    imports: imports.map((target) => ({ path: target, line: 3, typeOnly: true })),
  };
  return brokenRoomRules([file], order);
}

test("a file imports from its own room, from those below, and from other packages", () => {
  expect(check("packages/house/src/roof/a.ts", "packages/house/src/roof/b.ts", "packages/house/src/ground/c.ts")).toEqual([]);
  expect(check("packages/house/src/middle.ts", "packages/house/src/ground/c.ts", "packages/other/src/roof/d.ts")).toEqual([]);
});

test("an import from a room above is named with its line, also where only a type is taken", () => {
  const [problem] = check("packages/house/src/ground/a.ts", "packages/house/src/roof/b.ts");
  expect(problem).toMatch(
    /^packages\/house\/src\/ground\/a\.ts:3 imports packages\/house\/src\/roof\/b\.ts: "roof\/" stands above "ground\/" in house/,
  );
});

test("a file that the table names is in its own room", () => {
  expect(check("packages/house/src/ground/attic.ts", "packages/house/src/middle.ts")).toEqual([]);
  expect(check("packages/house/src/middle.ts", "packages/house/src/ground/attic.ts")).toHaveLength(1);
});

test("a package or a file that the table lacks is named", () => {
  expect(check("packages/shed/src/a.ts")[0]).toMatch(/^packages\/shed is not in tools\/checks\/room-order\.ts/);
  const [problem] = brokenRoomRules([{ path: "packages/house/src/b/c.ts", text: "", imports: [], docComments: [] }], { house: ["a/"] });
  expect(problem).toMatch(/^packages\/house\/src\/b\/c\.ts is in no room/);
});
