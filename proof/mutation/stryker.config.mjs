// `npm run mutation [-- --mutate <file>]`: changes the code that decides what a weight is called, how it lies and which of its bytes are read, one
// place at a time, and has its tests find out (Stryker). It takes about half an hour on two cores, so it is no part of `npm test`. What is not found is listed;
// the command fails below 85 %. Places that are left out say why, here or with a comment `// Stryker disable` at the place.

import { fileURLToPath } from "node:url";

export default {
  mutate: [
    "packages/core/src/rules/*.ts",
    "packages/core/src/tensor/{gather,strided-tensor,strided-view,transpose-tensor}.ts",
    "packages/core/src/conversion/{decide-orientation,describe-tensors}.ts",
    "!packages/**/*.test.ts",
  ],
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner", fileURLToPath(new URL("left-alone.mjs", import.meta.url))],
  vitest: { configFile: "proof/mutation/vitest.config.ts", related: false },
  ignorers: ["left-alone"],
  // Names no file: Stryker would rewrite it with TypeScript's API, which TypeScript 7 has none of, and no check of types is made.
  tsconfigFile: "none.json",
  // Stryker works on a copy.
  tempDirName: "out/mutation/copy",
  ignorePatterns: [
    "**",
    "!package.json",
    "!tsconfig.base.json",
    "!proof",
    "!proof/mutation",
    "!proof/mutation/**",
    "!scripts",
    "!scripts/same-numbers.ts",
    "!scripts/seeded-fast-check.ts",
    "!packages",
    "!packages/core",
    "!packages/core/**",
  ],
  concurrency: 2,
  timeoutMS: 20_000,
  dryRunTimeoutMinutes: 20,
  // What is known from the last run, of places and tests that are as they were, is not tried again.
  incremental: true,
  incrementalFile: "out/mutation/incremental.json",
  reporters: ["progress-append-only", "clear-text", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: true, skipFull: true },
  jsonReporter: { fileName: "out/mutation/mutation.json" },
  thresholds: { high: 95, low: 90, break: 85 },
};
