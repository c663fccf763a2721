import { defineConfig } from "tsup";
import { library } from "@longspan/build";

const entries = ["index", "adapter/index", "graph/index", "runtime/index", "node/index", "testing/index"];

export default defineConfig(library(Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`]))));
