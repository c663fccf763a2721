// `node scripts/on-matrix-units.mjs <program> [arguments]`: runs a program for Node on a Vulkan driver with matrix units, in software: the machine's own, or what the
// set-up of `npm test` has unpacked. Tests choose kernels there as on a GPU (LONGSPAN_TEST_DEVICE).
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findLavapipeWithMatrixUnits, lavapipeFolder } from "./unpacked-lavapipe.mjs";

const found = findLavapipeWithMatrixUnits();
if (found === undefined) {
  const advice = "no Vulkan driver with matrix units was found (Mesa's lavapipe 26 or newer; on Debian `npm test` unpacks one)";
  console.error(process.env.CI === "true" ? advice : `Left out what needs matrix units: ${advice}.`);
  process.exit(process.env.CI === "true" ? 1 : 0);
}
const { driver, unpacked } = found;
const { status, error } = spawnSync(unpacked === undefined ? process.execPath : nodeOn(unpacked), process.argv.slice(2), {
  stdio: "inherit",
  // Its subgroups are as long as its vectors: of 8, whatever the processor has.
  env: { ...process.env, VK_DRIVER_FILES: driver, LP_NATIVE_VECTOR_WIDTH: "256", LONGSPAN_TEST_DEVICE: "matrix-units" },
});
if (error !== undefined) console.error(error.message);
process.exit(status ?? 1);

/**
 * This Node as a program that is loaded with other libraries than the machine's, and what it starts as well; not so programs that are no Node.
 * @param {{ loader: string, libraries: string }} unpacked
 */
function nodeOn({ loader, libraries }) {
  const program = join(lavapipeFolder, "node");
  const ownPath = join(lavapipeFolder, "own-path.cjs");
  // What Linux says of it is the loader's path.
  writeFileSync(ownPath, `process.execPath = ${JSON.stringify(program)};\n`);
  writeFileSync(program, `#!/bin/sh\nexec "${loader}" --library-path "${libraries}" "${process.execPath}" --require "${ownPath}" "$@"\n`);
  chmodSync(program, 0o755);
  return program;
}
