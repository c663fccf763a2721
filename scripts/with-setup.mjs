// Runs an npm script after doing whatever set-up a fresh clone needs: `node scripts/with-setup.mjs [--graphics] <script>`. With
// `--graphics` that includes software Vulkan drivers, without and with matrix units, and Chromium.
// Plain JavaScript that any Node since 18 runs: the Node that the project itself uses comes with the packages installed here.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireGraphics } from "./debian-packages.mjs";
import { unpackLavapipe } from "./unpacked-lavapipe.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules", ".longspan-installed");

const words = process.argv.slice(2);
if (words.includes("--graphics")) {
  requireGraphics();
  unpackLavapipe();
}

/**
 * @param {string} command
 * @param {string[]} commandArguments
 */
function run(command, commandArguments) {
  const status = statusOf(command, commandArguments);
  if (status !== 0) process.exit(status);
}

/**
 * @param {string} command
 * @param {string[]} commandArguments
 * @returns {number}
 */
function statusOf(command, commandArguments) {
  const { status, error } = spawnSync(command, commandArguments, { cwd: root, stdio: "inherit" });
  if (error !== undefined) {
    console.error(`${command} cannot be run: ${error.message}`);
    process.exit(3);
  }
  return status ?? 1;
}

const lockfile = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lockfile) {
  // The set-up's own words go to stderr's side of things: `--silent` keeps npm's engine notes off the screen.
  console.error("Installing the packages of package-lock.json …");
  // npm asks again for what does not come; where that was not enough, what it has got by then is in its cache.
  const install = ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=5"];
  if (statusOf("npm", install) !== 0) {
    console.error("Once more …");
    run("npm", install);
  }
  writeFileSync(stamp, lockfile);
}
run("npm", ["run", "--silent", ...words.filter((word) => word !== "--graphics")]);
