import { execFile } from "node:child_process";
import { access, copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The Vulkan loader, and what NVIDIA's driver loads beside it: without the latter it calls itself incompatible. */
const packages = [
  "libvulkan1",
  "libegl1",
  "libglvnd0",
  "libopengl0",
  "libgl1",
  "libglx0",
  "libgles2",
  "libx11-6",
  "libxext6",
  "libxcb1",
  "libxau6",
  "libxdmcp6",
  "libbsd0",
  "libmd0",
] as const;
/** To unpack the archive where the machine has no `xz`. */
const unpacker = ["xz-utils", "liblzma5"] as const;

export interface DebianLibraries {
  /** Folders of shared libraries, their packages' licences, and of `xz` with its library. */
  readonly libraries: string;
  readonly licences: string;
  readonly xz: string;
}

/**
 * The libraries that the archive brings, from Debian's own packages for x86-64, fetched once into `cache`.
 * @throws Error where there is no apt-get, or it does not find them.
 */
export async function debianLibraries(cache: string): Promise<DebianLibraries> {
  const found = { libraries: join(cache, "lib"), licences: join(cache, "licences"), xz: join(cache, "xz") };
  const complete = join(cache, "complete");
  if (await exists(complete)) return found;
  await rm(cache, { recursive: true, force: true });
  const [downloads, unpacked] = [join(cache, "packages"), join(cache, "unpacked")];
  for (const folder of [downloads, unpacked, ...Object.values(found)]) await mkdir(folder, { recursive: true });
  try {
    await run("apt-get", ["download", ...[...packages, ...unpacker].map((name) => `${name}:amd64`)], { cwd: downloads });
  } catch (cause) {
    throw new Error(
      `The archive brings libraries of Debian's (${packages.join(", ")}), which "apt-get download" fetches: pack it on Debian or Ubuntu, after "apt-get update".`,
      { cause },
    );
  }
  for (const file of await readdir(downloads)) {
    const folder = join(unpacked, basename(file, ".deb"));
    await run("dpkg-deb", ["--extract", join(downloads, file), folder]);
    const [name = ""] = file.split("_");
    const files = await readdir(folder, { recursive: true });
    const licence = files.find((path) => path.endsWith(`doc/${name}/copyright`));
    if (licence !== undefined) await copyFile(join(folder, licence), join(found.licences, `${name}.txt`));
    const target = (unpacker as readonly string[]).includes(name) ? found.xz : found.libraries;
    for (const path of files) {
      // A library is looked for by its name without the last numbers, which its package has as a link.
      if (/\/x86_64-linux-gnu\/[^/]+\.so\.\d+$/.test(path) || path === "usr/bin/xz")
        await copyFile(join(folder, path), join(target, basename(path)));
    }
  }
  await rm(downloads, { recursive: true });
  await rm(unpacked, { recursive: true });
  await mkdir(complete);
  return found;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
