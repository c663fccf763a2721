// Brings what the tests need beside npm's packages: a Vulkan driver that computes on the CPU, and Chromium. Plain JavaScript that any Node
// since 18 runs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { findChromium, findLavapipe } from "./find-graphics.mjs";

/** Dawn needs features of Vulkan that Mesa 22, which Debian 12 itself has, does not give. */
const oldestMesa = 25;
const backports = "/etc/apt/sources.list.d/longspan-backports.sources";
export const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const update = ["apt-get", "update", "--error-on=any"];
const install = ["apt-get", "install", "--yes", "--no-install-recommends"];

/**
 * @typedef {object} Step What has to be done as root.
 * @property {string[]} command
 * @property {string} [input] For its standard input.
 */

/** Installs what is missing, where it can; else says what to do and ends the process with exit code 3. */
export function requireGraphics() {
  let missing = whatIsMissing();
  if (missing.length === 0) return;
  const names = missing.map(({ what }) => what).join(" and ");
  if (!isDebian()) giveUp(`The tests need ${names}. ${missing.map(({ advice }) => advice).join(" ")}`);
  const root = asRoot();
  if (root === undefined) {
    const lines = [{ command: update }, ...steps(missing)].map(asShell);
    giveUp(`The tests need ${names}. Run this as root, then start again:\n\n${lines.join("\n")}`);
  }
  console.error(`The tests need ${names}: installing Debian's packages …`);
  // A source that does not answer, of other software perhaps, is no reason to stop: installing shows whether enough is known.
  const problems = [perform(root, { command: update })];
  for (const step of steps(missing)) {
    const problem = step.command === update ? perform(root, step) : persist(root, step, () => perform(root, { command: update }));
    problems.push(problem);
    if (problem !== undefined && step.command !== update) giveUp(problems.filter((said) => said !== undefined).join("\n\n"));
  }
  missing = whatIsMissing();
  if (missing.length > 0) giveUp(`After installing, ${missing.map(({ what }) => what).join(" and ")} cannot be found: please report this.`);
}

/** @returns {{ what: string, package: "mesa-vulkan-drivers" | "chromium", advice: string }[]} */
function whatIsMissing() {
  /** @type {ReturnType<typeof whatIsMissing>} */
  const missing = [];
  if (process.platform === "linux" && !hasDriver())
    missing.push({
      what: `a software Vulkan driver (mesa-vulkan-drivers, version ${oldestMesa} or newer)`,
      package: "mesa-vulkan-drivers",
      advice: `Install the Vulkan loader and Mesa's lavapipe, version ${oldestMesa} or newer.`,
    });
  if (findChromium() === undefined)
    missing.push({
      what: "Chromium",
      package: "chromium",
      advice: "Install Chromium or Chrome, or set CHROMIUM to its executable.",
    });
  return missing;
}

function hasDriver() {
  if (!isDebian()) return findLavapipe() !== undefined;
  return mesaVersion() >= oldestMesa && installedVersion("libvulkan1") !== "";
}

/** The first number of the version of Debian's Mesa here; NaN: there is none. */
export function mesaVersion() {
  return majorVersion(installedVersion("mesa-vulkan-drivers"));
}

/** @param {string} name */
function installedVersion(name) {
  const [status, version = ""] = output("dpkg-query", ["--show", "--showformat=${db:Status-Status} ${Version}", name]).split(" ");
  return status === "installed" ? version : "";
}

/** @param {string} version Debian's: an epoch may stand before it. */
function majorVersion(version) {
  return Number(/^(?:\d+:)?(\d+)/.exec(version)?.[1] ?? 0);
}

/**
 * @param {ReturnType<typeof whatIsMissing>} missing
 * @returns {Step[]}
 */
function steps(missing) {
  /** @type {Step[]} */
  const found = [];
  for (const { package: name } of missing) {
    if (name === "chromium") found.push({ command: [...install, "chromium"] });
    else found.push(...driverSteps());
  }
  return found;
}

/** @returns {Step[]} */
function driverSteps() {
  const packages = ["mesa-vulkan-drivers", "libvulkan1"];
  const codename = osRelease("VERSION_CODENAME");
  const candidate = /^ *Candidate: (.*)$/m.exec(output("apt-cache", ["policy", "mesa-vulkan-drivers"]))?.[1] ?? "";
  // Without lists of packages nothing is known yet; Debian 13 and later have it.
  if (codename !== "bookworm" || majorVersion(candidate) >= oldestMesa) return [{ command: [...install, ...packages] }];
  const known = output("apt-cache", ["madison", "mesa-vulkan-drivers"]).includes(`${codename}-backports`);
  const source = [`Types: deb`, `URIs: ${debianMirror()}`, `Suites: ${codename}-backports`, `Components: main`, `Signed-By: ${keyring}`];
  const adding = [{ command: ["tee", backports], input: `${source.join("\n")}\n` }, { command: update }];
  return [...(known ? [] : adding), { command: [...install, "--target-release", `${codename}-backports`, ...packages] }];
}

/** Where this machine has Debian itself from: the backports, and other releases, lie beside it. */
export function debianMirror() {
  const codename = osRelease("VERSION_CODENAME");
  const targets = output("apt-get", ["indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)", "Created-By: Packages"]);
  const found = targets.split("\n").find((line) => line.startsWith(`Debian ${codename} http`));
  return found?.split(" ")[2] ?? "http://deb.debian.org/debian/";
}

export function isDebian() {
  return osRelease("ID") === "debian";
}

/**
 * @param {string} key As os-release(5) has it.
 * @returns {string}
 */
function osRelease(key) {
  if (!existsSync("/etc/os-release")) return "";
  const line = readFileSync("/etc/os-release", "utf8")
    .split("\n")
    .find((candidate) => candidate.startsWith(`${key}=`));
  return line?.slice(key.length + 1).replaceAll('"', "") ?? "";
}

/** What stands before a command that needs root; undefined where there is no way without asking for a password. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["--non-interactive", "true"], { stdio: "ignore" }).status === 0 ? ["sudo", "--non-interactive"] : undefined;
}

/**
 * The same as `perform`, up to three times: a mirror may be in the middle of a change, or a network away for a moment.
 * @param {string[]} root
 * @param {Step} step
 * @param {() => void} [between] Before it is tried again.
 * @returns {string | undefined} What it said last, where it failed every time.
 */
export function persist(root, step, between = () => undefined) {
  let problem = perform(root, step);
  for (let again = 0; problem !== undefined && again < 2; again++) {
    console.error("That failed; once more in 20 seconds …");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
    between();
    problem = perform(root, step);
  }
  return problem;
}

/**
 * @param {string[]} root What stands before the command.
 * @param {Step} step
 * @returns {string | undefined} What it said, where it failed.
 */
export function perform(root, step) {
  const { command, input } = step;
  const [name = "", ...rest] = command;
  // apt waits for another apt, asks again for what does not come, and neither it nor a package asks anything of people.
  const settings = ["DPkg::Lock::Timeout=600", "Dpkg::Use-Pty=0", "Acquire::Retries=5"].flatMap((setting) => ["-o", setting]);
  const quiet = name === "apt-get" ? ["-q", ...settings] : [];
  const [program = "", ...programArguments] = [...root, "env", "DEBIAN_FRONTEND=noninteractive", name, ...quiet, ...rest];
  const { status, error, stdout, stderr } = spawnSync(program, programArguments, {
    input: input ?? "",
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return undefined;
  const said = error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-20).join("\n");
  return `${asShell(step)}\nfailed:\n${said}`;
}

/**
 * @param {string} program
 * @param {string[]} programArguments
 */
function output(program, programArguments) {
  const { stdout } = spawnSync(program, programArguments, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" }, maxBuffer: 2 ** 28 });
  return stdout ?? "";
}

/** @param {Step} step */
function asShell({ command, input }) {
  return input === undefined ? command.join(" ") : `${command.join(" ")} <<'END'\n${input}END`;
}

/**
 * @param {string} message
 * @returns {never}
 */
export function giveUp(message) {
  console.error(message);
  process.exit(3);
}
