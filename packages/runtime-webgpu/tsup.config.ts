import { defineConfig } from "tsup";
import { library, modules } from "@longspan/build";

const entries = {
  index: "src/index.ts",
  "gpu.node": "src/device/gpu.node.ts",
  "tuning-store.node": "src/device/tuning-store.node.ts",
};

// "#gpu" and "#tuning-store" are resolved where the package is used: see "imports" in package.json.
export default defineConfig([
  { ...library(entries, { together: true }), external: [/^node:/, "#gpu", "#tuning-store", "webgpu"] },
  modules({ shaders: /[\\/]src[\\/]kernels[\\/].*\.ts$/ }),
]);
