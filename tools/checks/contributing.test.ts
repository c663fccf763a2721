import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(`${root}CONTRIBUTING.md`, "utf8");

/**
 * What stands in backticks and is a path from the root: it begins with one of its folders, and nothing in it stands for a name. What commands write, in
 * `out/`, is there or not.
 */
const paths = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?)`/g)].flatMap(([, path = ""]) =>
  existsSync(`${root}${path.split("/")[0]}`) && !path.startsWith("out/") ? [path] : [],
);

test("CONTRIBUTING tells of files", () => expect(paths.length).toBeGreaterThan(40));

test("every file and folder that CONTRIBUTING names is there", () => {
  expect(paths.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
});

test("each of the five walks names the files it goes through", () => {
  const walks = (text.split("## Five walks")[1] ?? "").split("\n## ")[0]?.split("\n### ").slice(1) ?? [];
  expect(walks.map((walk) => walk.split("\n")[0])).toEqual(["An activation", "An operation", "A head", "A layout", "A container"]);
  for (const walk of walks) expect([...walk.matchAll(/`[\w.-]+\/[^`]*`/g)].length).toBeGreaterThanOrEqual(4);
});
