import { describe, expect, test } from "vitest";
import { changedWithoutChangeset, silentBranchChanges } from "./changeset-rules.ts";

describe("sources since the last release", () => {
  const released = { one: "a", two: "b" };

  test("that are the same need no changeset", () => expect(changedWithoutChangeset(released, released, new Set())).toEqual([]));

  test("that differ, or were never released, need one that names the package", () => {
    const found = changedWithoutChangeset({ one: "a", two: "c", three: "d" }, released, new Set(["one"]));
    expect(found.map((problem) => problem.split(" ")[0])).toEqual(["two", "three"]);
    expect(changedWithoutChangeset({ two: "c" }, released, new Set(["two"]))).toEqual([]);
  });
});

describe("a branch", () => {
  const names = new Map([
    ["first", "one"],
    ["second", "two"],
  ]);
  const changesets = new Map([[".changeset/new.md", ["one"]]]);
  const check = (...commits: readonly (readonly [message: string, ...paths: string[]])[]): readonly string[] =>
    silentBranchChanges(
      commits.map(([message, ...paths]) => ({ message, paths })),
      names,
      changesets,
    );

  test("that changes a package without a changeset is told which file and what to do", () => {
    const [problem] = check(["More", "packages/second/src/deep/file.ts", "README.md"]);
    expect(problem).toMatch(/changes two \(packages\/second\/src\/deep\/file\.ts\).*npm run changeset.*"Changeset: none, <why>"/);
  });

  test("may bring the changeset in another commit, but for that package", () => {
    expect(check(["Code", "packages/first/src/file.ts"], ["Words", ".changeset/new.md"])).toEqual([]);
    expect(check(["Code", "packages/second/src/file.ts"], ["Words", ".changeset/new.md"])).toHaveLength(1);
  });

  test("is free to change tests, and what lies outside the sources", () => {
    expect(check(["Tests", "packages/first/src/file.test.ts", "packages/first/test/build.ts", "packages/first/README.md"])).toEqual([]);
  });

  test("may say in a commit why users notice nothing, with the why", () => {
    expect(check(["Tidy\n\nChangeset: none, names inside a file", "packages/second/src/file.ts"])).toEqual([]);
    expect(check(["Tidy\n\nChangeset: none", "packages/second/src/file.ts"])).toHaveLength(1);
  });
});
