import { defineConfig } from "tsup";
import { library } from "@longspan/build";

export default defineConfig(library({ index: "src/index.ts", "node/index": "src/node/index.ts", "testing/index": "src/testing/index.ts" }));
