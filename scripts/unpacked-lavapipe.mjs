// Mesa's lavapipe of version 26 has matrix units (VK_KHR_cooperative_matrix, computed on the CPU), older ones have none. Where Debian's own is older, a
// newer one is unpacked beside it, with the C library that it needs and without root; nothing is installed. Plain JavaScript that any Node since 18 runs.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { debianMirror, giveUp, isDebian, keyring, mesaVersion, perform, persist } from "./debian-packages.mjs";
import { findLavapipe } from "./find-graphics.mjs";

const oldestWithMatrixUnits = 26;
const suites = ["trixie", "trixie-backports"];
const packages = ["mesa-vulkan-drivers", "libvulkan1"];

export const lavapipeFolder = join(dirname(fileURLToPath(import.meta.url)), "../out/lavapipe");

/**
 * @typedef {object} Lavapipe
 * @property {string} driver The file that tells the Vulkan loader of it.
 * @property {{ loader: string, libraries: string } | undefined} unpacked What programs are started with that use it; undefined: it is the machine's own.
 */

/**
 * A lavapipe with matrix units, of this machine or unpacked.
 * @returns {Lavapipe | undefined}
 */
export function findLavapipeWithMatrixUnits() {
  const own = findLavapipe();
  if (own !== undefined && mesaVersion() >= oldestWithMatrixUnits) return { driver: own, unpacked: undefined };
  const libraries = join(lavapipeFolder, "lib");
  const loader = existsSync(libraries) ? readdirSync(libraries).find((name) => /^ld-linux.*\.so\.\d$/.test(name)) : undefined;
  if (loader === undefined) return undefined;
  return { driver: join(lavapipeFolder, "lvp_icd.json"), unpacked: { loader: join(libraries, loader), libraries } };
}

/** Unpacks one where Debian's own is too old. On other systems it does nothing, and what needs matrix units is left out. */
export function unpackLavapipe() {
  if (!isDebian() || findLavapipeWithMatrixUnits() !== undefined) return;
  console.error("The tests need a Vulkan driver with matrix units: unpacking a newer lavapipe of Debian's (63 MB) …");
  const work = `${lavapipeFolder}-in-work`;
  rmSync(work, { recursive: true, force: true });
  for (const folder of ["lists/partial", "archives/partial", "root", "lib"]) mkdirSync(join(work, folder), { recursive: true });
  const sources = suites.map((suite) => `deb [signed-by=${keyring}] ${debianMirror()} ${suite} main\n`);
  writeFileSync(join(work, "sources.list"), sources.join(""));
  // As if nothing were installed, so that all comes that is needed.
  writeFileSync(join(work, "status"), "");
  const settings = join(work, "apt.conf");
  writeFileSync(settings, aptSettings(work));
  const apt = (/** @type {string[]} */ ...words) => must(persist(["env", `APT_CONFIG=${settings}`], { command: ["apt-get", ...words] }));
  apt("update", "--error-on=any");
  apt("install", "--yes", "--download-only", "--target-release", suites.at(-1) ?? "", ...packages);
  const root = join(work, "root");
  for (const file of readdirSync(join(work, "archives"))) {
    if (file.endsWith(".deb")) must(perform([], { command: ["dpkg-deb", "--extract", join(work, "archives", file), root] }));
  }
  keepLibraries(root, work);
  for (const name of ["lists", "archives", "root", "sources.list", "status", "apt.conf"]) rmSync(join(work, name), { recursive: true });
  rmSync(lavapipeFolder, { recursive: true, force: true });
  renameSync(work, lavapipeFolder);
}

/** @param {string | undefined} problem */
function must(problem) {
  if (problem !== undefined) giveUp(problem);
}

/**
 * The shared libraries, of the Vulkan drivers lavapipe alone, and what tells of it.
 * @param {string} root
 * @param {string} folder
 */
function keepLibraries(root, folder) {
  const all = join(root, "usr/lib");
  const place = readdirSync(all).find((name) => name.endsWith("-linux-gnu"));
  if (place === undefined) throw new Error(`Debian's packages have no libraries in ${all}: please report this.`);
  for (const name of readdirSync(join(all, place))) {
    const isOtherDriver = name.startsWith("libvulkan_") && name !== "libvulkan_lvp.so";
    if (/\.so(\.|$)/.test(name) && !isOtherDriver) renameSync(join(all, place, name), join(folder, "lib", name));
  }
  renameSync(join(root, "usr/share/vulkan/icd.d/lvp_icd.json"), join(folder, "lvp_icd.json"));
}

/** @param {string} folder */
function aptSettings(folder) {
  return `Dir::Etc::SourceList "${folder}/sources.list";
Dir::Etc::SourceParts "${folder}/none";
Dir::Etc::Preferences "${folder}/none";
Dir::Etc::PreferencesParts "${folder}/none";
Dir::State "${folder}";
Dir::State::Status "${folder}/status";
Dir::Cache "${folder}";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Debug::NoLocking "true";
`;
}
