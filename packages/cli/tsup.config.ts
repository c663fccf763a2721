import { defineConfig } from "tsup";
import { library } from "@longspan/build";

export default defineConfig({ ...library({ cli: "src/cli.ts", index: "src/index.ts" }), platform: "node" });
