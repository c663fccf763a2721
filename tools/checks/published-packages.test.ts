import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { expect, test } from "vitest";

interface Manifest {
  readonly name: string;
  readonly files: readonly string[];
  readonly publishConfig: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "../..");
const packages = readdirSync(join(root, "packages")).map((folder) => {
  const path = join(root, "packages", folder);
  const manifest: Manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  return [manifest.name, { path, manifest }] as const;
});
const ours = new Set(packages.map(([name]) => name));
const licence = readFileSync(join(root, "LICENSE"), "utf8");

test.each(packages)("%s carries the licence", (_, { path }) => {
  expect(readFileSync(join(path, "LICENSE"), "utf8")).toBe(licence);
});

test.each(packages)("%s leaves the compiler's notes, sources and tests at home, and claims no provenance", (_, { manifest }) => {
  expect(manifest.files).toEqual(expect.arrayContaining(["!dist/**/*.tsbuildinfo"]));
  expect(manifest.files).not.toContain("src");
  expect(manifest.publishConfig).toEqual({ access: "public" });
});

test.each(packages)("%s asks for ours in ranges", (_, { manifest }) => {
  const asked = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(([name]) => ours.has(name));
  for (const [name, range] of asked) expect(range, name).toMatch(/^\^\d+\.\d+\.\d+$/);
});

test.each(packages)("%s links in its README to nothing outside of its tarball", (_, { path, manifest }) => {
  const text = readFileSync(join(path, "README.md"), "utf8");
  for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^(?:https:|#)/.test(target)) continue;
    const file = normalize(target.replace(/#.*/, ""));
    expect(existsSync(join(path, file)), target).toBe(true);
    expect([...manifest.files, "README.md", "LICENSE"], target).toContain(file.split("/")[0]);
  }
});

test("declarations that name Symbol.asyncDispose bring it along, for programs compiled with an older library", () => {
  const sources = globSync("packages/*/src/**/*.ts", { cwd: root }).map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
  const naming = sources.filter(({ text }) => /^ *\[Symbol\.asyncDispose\]\(\):/m.test(text));
  expect(naming.length).toBeGreaterThan(0);
  expect(
    naming.filter(({ text }) => !text.includes('<reference lib="esnext.disposable" preserve="true" />')).map(({ file }) => file),
  ).toEqual([]);
});
