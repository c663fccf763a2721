import { defineConfig } from "tsup";
import { library } from "@longspan/build";

const entries = {
  index: "src/index.ts",
  node: "src/node.ts",
  // By itself, so that a program can ask what a text is without loading the hub's client.
  name: "src/repository-name.ts",
  "machine.node": "src/machine/machine.node.ts",
  "machine.browser": "src/machine/machine.browser.ts",
};

// "#machine" is resolved where the package is used: see "imports" in package.json.
export default defineConfig({ ...library(entries), external: [/^node:/, "#machine"] });
