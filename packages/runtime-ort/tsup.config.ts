import { defineConfig } from "tsup";
import { library } from "@longspan/build";

// The onnxruntime packages are imported when they are used, and only if they are there.
export default defineConfig({ ...library({ index: "src/index.ts" }), external: [/^node:/, /^onnxruntime-/] });
