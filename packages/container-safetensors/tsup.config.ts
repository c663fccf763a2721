import { defineConfig } from "tsup";
import { library, modules } from "@longspan/build";

export default defineConfig([library({ index: "src/index.ts" }), modules()]);
