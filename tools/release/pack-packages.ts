import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
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
  mkdirSync(folder, { recursive: true });
  return readdirSync(join(root, "packages")).map((name) => {
    const path = join(root, "packages", name);
    const output = execFileSync("npm", ["pack", path, "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: root,
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
  });
}
