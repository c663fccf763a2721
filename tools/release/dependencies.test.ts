import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dependencyTable } from "./dependency-table.ts";
import { lockedPackages } from "./production-tree.ts";
import { problemOfBill, softwareBill } from "./software-bill.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "longspan-dependencies-"));
});
afterEach(() => rmSync(root, { recursive: true }));

interface Other {
  readonly license?: string;
  readonly hasInstallScript?: boolean;
}

/** A repository of one package that uses `ours`, which brings `theirs`; each of them at its own place. */
function repository({
  ours = {},
  theirs = {},
  notes = { ours: { why: "it is used", lastRelease: "2026-01-01" } },
}: {
  ours?: Other;
  theirs?: Other;
  notes?: object;
}): void {
  const packages: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    "": { name: "root", workspaces: ["packages/*"] },
    "packages/a": { name: "longspan", version: "1.0.0", license: "Apache-2.0", dependencies: { ours: "2.0.0" } },
    "apps/page": { name: "page", devDependencies: { vite: "1.0.0" } },
    "node_modules/longspan": { resolved: "packages/a", link: true },
    "node_modules/theirs": { version: "9.0.0", license: "MIT" },
    "node_modules/ours": {
      version: "2.0.0",
      license: "MIT",
      integrity: `sha512-${"A".repeat(86)}==`,
      dependencies: { theirs: "3.0.0" },
      ...ours,
    },
    "node_modules/ours/node_modules/theirs": { version: "3.0.0", license: "ISC", ...theirs },
  };
  for (const [path, { license = "MIT" }] of Object.entries(packages)) {
    mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, path, "package.json"), JSON.stringify({ license }));
  }
  mkdirSync(join(root, "tools/release"), { recursive: true });
  writeFileSync(join(root, "tools/release/dependencies.json"), JSON.stringify(notes));
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
}

describe("the table of dependencies", () => {
  test("has what is used and what that brings, at the version that it gets", () => {
    repository({});
    const { markdown, problems } = dependencyTable(root);
    expect(problems).toEqual([]);
    expect(markdown).toContain("| ours 2.0.0 | `longspan` | it is used | 1 kB | MIT | 2026-01-01 |");
    expect(markdown).toContain("| theirs 3.0.0 | ours | 1 kB | ISC |");
    expect(markdown).not.toContain("9.0.0");
  });

  test("a licence that is not allowed, however deep, is named", () => {
    repository({ theirs: { license: "GPL-3.0-only" } });
    expect(dependencyTable(root).problems).toEqual([expect.stringMatching(/^theirs 3\.0\.0 is under GPL-3\.0-only/)]);
  });

  test("a licence that the installed package does not have is named", () => {
    repository({});
    writeFileSync(join(root, "node_modules/ours/package.json"), '{"license":"UNLICENSED"}');
    expect(dependencyTable(root).problems).toEqual(["ours 2.0.0 is installed under UNLICENSED, and package-lock.json says MIT."]);
  });

  test("an install script is named", () => {
    repository({ theirs: { hasInstallScript: true } });
    expect(dependencyTable(root).problems).toEqual([expect.stringMatching(/^theirs 3\.0\.0 has an install script/)]);
  });

  test("a reason that is missing is named, and one of what nothing uses", () => {
    repository({ notes: { gone: { why: "it was used", lastRelease: "2026-01-01" } } });
    expect(dependencyTable(root).problems).toEqual([
      expect.stringContaining("does not say why ours"),
      expect.stringContaining("tells of gone"),
    ]);
  });
});

describe("the software bill of materials", () => {
  test("has every package that is installed, by its sum, and is valid", async () => {
    repository({});
    const text = softwareBill(root, "packages/a");
    expect(await problemOfBill(text)).toBeNull();
    const { metadata, components, dependencies } = JSON.parse(text);
    expect(metadata.component.purl).toBe("pkg:npm/longspan@1.0.0");
    expect(components.map(({ purl }: { purl: string }) => purl)).toEqual(["pkg:npm/ours@2.0.0", "pkg:npm/theirs@3.0.0"]);
    expect(components[0].hashes).toEqual([{ alg: "SHA-512", content: "0".repeat(128) }]);
    expect(dependencies).toContainEqual({ ref: "pkg:npm/longspan@1.0.0", dependsOn: ["pkg:npm/ours@2.0.0"] });
  });

  test("what the schema does not allow is told", async () => {
    expect(await problemOfBill('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"x"}]}')).toContain("type");
  });

  test("a package that is not in the lock is an error, not left out", () => {
    repository({});
    expect(() => lockedPackages(root).resolve("packages/a", "gone")).toThrow("package-lock.json has no gone for packages/a");
  });
});
