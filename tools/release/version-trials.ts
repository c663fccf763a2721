import { execFile, type ExecFileException } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { localRegistry } from "./local-registry.ts";
import { packFolder, type PackedPackage, repack } from "./pack-packages.ts";

const run = promisify(execFile);
const timeout = 300_000;

interface VersionTrialsOptions {
  readonly root: string;
  /** A folder for projects and packages. */
  readonly work: string;
  readonly packed: readonly PackedPackage[];
  /** The registry that has all other packages. */
  readonly upstream: string;
  trial(what: string, tool: string, attempt: () => Promise<string>): Promise<void>;
}

interface Manifest {
  readonly version: string;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** What the next versions of core do to those who have this one: their installs hold, other people's adapters go on, and a contract guards what versions do not. */
export async function versionTrials({ root, work, packed, upstream, trial }: VersionTrialsOptions): Promise<void> {
  const outside = outsidePackages(work);

  await trial("a patch of core is of core alone, and fits what is installed", "npm", async () => {
    const next = await manifestsAfter("patch", root, join(work, "after-patch"));
    const changed = packed.filter(({ name, manifest }) => next.get(name)?.version !== manifest.version).map(({ name }) => name);
    if (changed.join() !== "@longspan/core") throw new Error(`it gives new versions to ${changed.join(", ")}`);
    return converts(withManifests(packed, next, join(work, "patched")), ["@longspan/adapter-torch@0.1.0", "longspan-outside"], "patch");
  });

  await trial("a minor version of core takes its packages along; an adapter of >=0.1.0 <1 stays", "npm", async () => {
    const next = await manifestsAfter("minor", root, join(work, "after-minor"));
    const behind = packed.filter(({ name }) => {
      const range = next.get(name)?.peerDependencies?.["@longspan/core"];
      return range !== undefined && range !== `^${next.get("@longspan/core")?.version}`;
    });
    if (behind.length > 0) throw new Error(`peers that stay behind: ${behind.map(({ name }) => name).join(", ")}`);
    const published = withManifests(packed, next, join(work, "minor"));
    const said = await converts(published, ["@longspan/adapter-torch", "longspan-outside"], "minor");
    // What the guide of adapters says of the other range.
    const narrow = await installed(published, ["@longspan/core", "longspan-narrow"], "narrow").catch(
      ({ stderr }: ExecFileException) => stderr,
    );
    if (!/ERESOLVE/.test(narrow ?? "")) throw new Error(`an adapter of ^0.1.0 was not refused: ${narrow}`);
    return said;
  });

  await trial("an adapter of another contract is refused by its name", "core", async () => {
    const folder = await installed(packed, ["@longspan/core", "longspan-older"], "older");
    writeFileSync(
      join(folder, "older.mjs"),
      'import { createConverter } from "@longspan/core"; import { older } from "longspan-older"; try { createConverter({ adapters: [older()] }); } catch ({ code, message }) { console.log(code, message); }',
    );
    const { stdout } = await run(process.execPath, ["older.mjs"], { cwd: folder, timeout });
    if (!stdout.startsWith('adapter-invalid Adapter "older" follows specification version 0; this core knows version 1'))
      throw new Error(stdout);
    return stdout.trim();
  });

  /** A project with packages of a registry that has these versions. */
  async function installed(published: readonly PackedPackage[], packages: readonly string[], name: string): Promise<string> {
    const folder = join(work, `project-${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    const registry = await localRegistry([...published, ...outside], upstream);
    try {
      // What npm has kept of a name is of another registry.
      const options = [
        "--registry",
        registry.url,
        "--cache",
        join(work, `cache-${name}`),
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
      ];
      await run("npm", ["install", ...options, ...packages], { cwd: folder, timeout });
    } finally {
      registry.close();
    }
    return folder;
  }

  /** Installs, and converts with what is there: one core, whatever asks for it. */
  async function converts(published: readonly PackedPackage[], packages: readonly string[], name: string): Promise<string> {
    const folder = await installed(published, packages, name);
    const cores = globSync("node_modules/**/@longspan/core/package.json", { cwd: folder });
    const version = (path: string): string => (JSON.parse(readFileSync(join(folder, path), "utf8")) as Manifest).version;
    const wanted = published.find((one) => one.name === "@longspan/core")?.manifest.version;
    if (cores.length !== 1 || version(cores[0] ?? "") !== wanted)
      throw new Error(`cores: ${cores.map((path) => `${path} ${version(path)}`).join(", ")}`);
    writeFileSync(
      join(folder, "convert.mjs"),
      `import { createConverter, memoryDirectorySink } from "@longspan/core";
import { torch } from "@longspan/adapter-torch";
import { outside } from "longspan-outside";
const converter = createConverter({ adapters: [torch(), outside()] });
const source = await converter.open(${JSON.stringify(join(root, "fixtures/huggingface/question-answering"))});
const written = await converter.convert(converter.plan(source, { target: "torch" }), { sink: memoryDirectorySink() });
await source.close();
console.log(written.length > 0 ? "works" : "nothing written");
`,
    );
    const { stdout } = await run(process.execPath, ["convert.mjs"], { cwd: folder, timeout });
    if (stdout.trim() !== "works") throw new Error(stdout);
    return `core ${wanted} works`;
  }
}

/** Other people's packages: one with the range that the guide names, one with the usual one, and one that was made for another contract. */
function outsidePackages(work: string): readonly PackedPackage[] {
  const adapter =
    'import { defineAdapter } from "@longspan/core/adapter"; export const outside = () => defineAdapter({ name: "outside" });';
  const older =
    "export const older = () => ({ specificationVersion: 0, name: 'older', containers: [], envelopes: [], layouts: [], targets: [] });";
  return [
    ["longspan-outside", ">=0.1.0 <1", adapter],
    ["longspan-narrow", "^0.1.0", adapter],
    ["longspan-older", ">=0.1.0 <1", older],
  ].map(([name = "", range = "", code = ""]) => {
    const folder = join(work, name);
    mkdirSync(folder, { recursive: true });
    const manifest = {
      name,
      version: "1.0.0",
      type: "module",
      exports: { ".": "./index.js" },
      peerDependencies: { "@longspan/core": range },
    };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(folder, "index.js"), code);
    return packFolder(folder, work);
  });
}

/** The manifests of the packages as `changeset version` leaves them after a change of core. */
async function manifestsAfter(bump: "patch" | "minor", root: string, folder: string): Promise<ReadonlyMap<string, Manifest>> {
  mkdirSync(join(folder, ".changeset"), { recursive: true });
  for (const file of [
    "package.json",
    "package-lock.json",
    ".changeset/config.json",
    ...globSync("packages/*/{package.json,CHANGELOG.md}", { cwd: root }),
  ])
    cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, ".changeset/next.md"), `---\n"@longspan/core": ${bump}\n---\n\nNext.\n`);
  writeFileSync(join(folder, ".gitignore"), "node_modules\n");
  const git = async (...words: readonly string[]): Promise<unknown> =>
    run("git", ["-c", "user.name=Longspan", "-c", "user.email=longspan@localhost", ...words], { cwd: folder, timeout });
  await git("init", "-q");
  await git("add", "-A");
  await git("commit", "-qm", "Next");
  await run(process.execPath, [join(root, "node_modules/@changesets/cli/bin.js"), "version"], { cwd: folder, timeout });
  const manifests = globSync("packages/*/package.json", { cwd: folder }).map((path) =>
    JSON.parse(readFileSync(join(folder, path), "utf8")),
  );
  return new Map(manifests.map((manifest: Manifest & { readonly name: string }) => [manifest.name, manifest]));
}

/** The same packages with other manifests, packed again where they differ. */
function withManifests(packed: readonly PackedPackage[], next: ReadonlyMap<string, Manifest>, folder: string): readonly PackedPackage[] {
  return packed.map((one) => {
    const manifest = next.get(one.name);
    if (manifest === undefined || JSON.stringify(manifest) === JSON.stringify(one.manifest)) return one;
    return repack(one, manifest, join(folder, basename(one.tarball, ".tgz")));
  });
}
