// Builds all packages and says one line: what the build itself says is shown only where it fails.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const started = performance.now();
process.stdout.write("Building the packages … ");
const { status, stdout, stderr, error } = spawnSync("npx", ["--no-install", "turbo", "run", "build", "--output-logs=errors-only"], {
  cwd: root,
  encoding: "utf8",
  // Turbo's notice of what it sends, and what it would send.
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
  shell: process.platform === "win32",
});
if (error !== undefined || status !== 0) {
  console.error(`failed\n${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`);
  process.exit(status ?? 3);
}
console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
