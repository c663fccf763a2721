import { defineConfig } from "tsup";
import { library } from "@longspan/build";

const entries = {
  index: "src/index.ts",
  "gpu.node": "src/device/gpu.node.ts",
  "gpu.browser": "src/device/gpu.browser.ts",
};

// "#gpu" is resolved where the package is used: see "imports" in package.json.
export default defineConfig({ ...library(entries), external: [/^node:/, "#gpu", "webgpu"] });
