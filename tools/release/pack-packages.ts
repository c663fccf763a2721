import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface PackedPackage {
  readonly name: string;
  readonly manifest: { readonly version: string; readonly exports: Readonly<Record<string, unknown>> };
  /** The path of its `.tgz`. */
  readonly tarball: string;
  /** Paths in the tarball. */
  readonly files: readonly string[];
  readonly unpackedSize: number;
}

/** Packs every package of the repository, as publishing would, into `folder`. They have to be built. */
export function packPackages(root: string, folder: string): readonly PackedPackage[] {
  return readdirSync(join(root, "packages")).map((name) => packFolder(join(root, "packages", name), folder));
}

/** Packs a package's folder, as publishing would, into `folder`. */
export function packFolder(path: string, folder: string): PackedPackage {
  mkdirSync(folder, { recursive: true });
  const output = execFileSync("npm", ["pack", path, "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: path,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const answer: unknown = JSON.parse(output);
  const [packed] = Object.values(answer as object) as [
    { name: string; filename: string; unpackedSize: number; files: readonly { path: string }[] },
  ];
  return {
    name: packed.name,
    manifest: JSON.parse(readFileSync(join(path, "package.json"), "utf8")),
    tarball: join(folder, packed.filename.replace("@", "").replace("/", "-")),
    files: packed.files.map((file) => file.path),
    unpackedSize: packed.unpackedSize,
  };
}

/** A packed package with another manifest, packed again into `folder`. */
export function repack({ tarball }: PackedPackage, manifest: object, folder: string): PackedPackage {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", folder]);
  writeFileSync(join(folder, "package/package.json"), JSON.stringify(manifest));
  return packFolder(join(folder, "package"), folder);
}
