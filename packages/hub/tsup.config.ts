import { defineConfig } from "tsup";
import { library } from "@longspan/build";

const entries = {
  index: "src/index.ts",
  "machine.node": "src/machine/machine.node.ts",
  "machine.browser": "src/machine/machine.browser.ts",
};

// "#machine" is resolved where the package is used: see "imports" in package.json.
export default defineConfig({ ...library(entries), external: [/^node:/, "#machine"] });
