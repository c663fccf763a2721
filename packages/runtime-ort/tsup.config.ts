import { defineConfig } from "tsup";
import { library } from "@longspan/build";

const entries = {
  index: "src/index.ts",
  // By itself, so that programs that only convert carry no part of onnxruntime: bundlers take the files that a runtime may load, used or not.
  onnx: "src/onnx.ts",
  "onnxruntime.node": "src/session/onnxruntime.node.ts",
  "onnxruntime.browser": "src/session/onnxruntime.browser.ts",
};

// "#onnxruntime" is resolved where the package is used: see "imports" in package.json. The onnxruntime packages are imported when they are
// used, and only if they are there.
export default defineConfig({ ...library(entries), external: [/^node:/, "#onnxruntime", /^onnxruntime-/] });
