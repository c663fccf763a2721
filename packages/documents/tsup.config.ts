import { defineConfig } from "tsup";
import { library } from "@longspan/build";

export default defineConfig(library({ index: "src/index.ts", kind: "src/kind/index.ts" }));
