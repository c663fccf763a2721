import { defineConfig } from "tsup";
import { library, modules } from "@longspan/build";

const entries = {
  index: "src/index.ts",
  "writing/index": "src/writing/index.ts",
  "checksum.node": "src/checksum/checksum.node.ts",
};

// "#checksum" is resolved where the package is used: see "imports" in package.json.
export default defineConfig([{ ...library(entries), external: [/^node:/, "#checksum"] }, modules()]);
