import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A package as package-lock.json has it. */
export interface LockedPackage {
  /** Where npm puts it, from the repository's root: `node_modules/ora`, `packages/core`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** As the lock has it from the package, an SPDX expression. */
  readonly license: string;
  /** Of the tarball: `sha512-…`. None for the packages of this repository. */
  readonly integrity: string | undefined;
  readonly hasInstallScript: boolean;
  /** Paths of the packages that are installed with it. */
  readonly dependencies: readonly string[];
  /** Names of peers that may be absent. */
  readonly optionalPeers: readonly string[];
}

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** What package-lock.json says, without a network. */
export interface LockedPackages {
  /** The path of the package that `from` gets for a name. @throws Error when there is none */
  resolve(from: string, name: string): string;
  at(path: string): LockedPackage;
  /** A package, and all that is installed with it, by path: dependencies, optional ones, and peers that may not be absent. */
  tree(paths: readonly string[]): ReadonlyMap<string, LockedPackage>;
  /** What a package of this repository is developed with, by name. */
  developedWith(path: string): readonly string[];
}

export function lockedPackages(root: string): LockedPackages {
  const lock: { readonly packages: Readonly<Record<string, LockEntry>> } = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8"),
  );
  const entry = (path: string): LockEntry => {
    const found = lock.packages[path];
    if (found === undefined) throw new Error(`package-lock.json has no ${path}: run npm install.`);
    return found;
  };

  function find(from: string, name: string): string | undefined {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
      const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      const found = lock.packages[path];
      if (found !== undefined) return found.link === true ? (found.resolved ?? path) : path;
      if (folder === "") return undefined;
    }
  }

  function resolve(from: string, name: string): string {
    const path = find(from, name);
    if (path === undefined) throw new Error(`package-lock.json has no ${name} for ${from}: run npm install.`);
    return path;
  }

  function at(path: string): LockedPackage {
    const { name, version = "", license, integrity, hasInstallScript = false, ...more } = entry(path);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = more;
    const peers = Object.keys(peerDependencies);
    const isOptional = (peer: string): boolean => peerDependenciesMeta[peer]?.optional === true;
    const needed = [...Object.keys(dependencies), ...peers.filter((peer) => !isOptional(peer))];
    const wished = Object.keys(optionalDependencies).flatMap((other) => find(path, other) ?? []);
    return {
      path,
      name: name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version,
      license: license ?? "none stated",
      integrity,
      hasInstallScript,
      dependencies: [
        ...new Set([...needed.filter((other) => !(other in optionalDependencies)).map((other) => resolve(path, other)), ...wished]),
      ],
      optionalPeers: peers.filter(isOptional),
    };
  }

  return {
    resolve,
    at,
    tree(paths) {
      const found = new Map<string, LockedPackage>();
      const waiting = [...paths];
      for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
        if (found.has(path)) continue;
        const each = at(path);
        found.set(path, each);
        waiting.push(...each.dependencies);
      }
      return found;
    },
    developedWith: (path) => Object.keys(entry(path).devDependencies ?? {}),
  };
}

/** The folders of the published packages: `packages/core`. */
export function publishedFolders(root: string): readonly string[] {
  return readdirSync(join(root, "packages")).map((name) => `packages/${name}`);
}

/** The page is built into the command line: what it is made of, without what builds it. */
export function bundledInPage(locked: LockedPackages): readonly string[] {
  return locked
    .developedWith("apps/page")
    .filter((name) => name !== "vite")
    .map((name) => locked.resolve("apps/page", name));
}

/** Bytes of a package's own files. */
export function installedBytes(root: string, path: string): number {
  const folder = join(root, path);
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, file) => {
    if (file.name === "node_modules") return sum;
    const inner = `${path}/${file.name}`;
    return sum + (file.isDirectory() ? installedBytes(root, inner) : statSync(join(root, inner)).size);
  }, 0);
}
