import { defineConfig } from "tsup";
import { library, modules } from "@longspan/build";

const entries = ["index", "adapter/index", "graph/index", "runtime/index", "node/index", "browser/index", "testing/index"];

// "#place" is resolved where the package is used: see "imports" in package.json.
export default defineConfig([
  {
    ...library(
      { ...Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])), "place.node": "src/place/text-place.node.ts" },
      { together: true },
    ),
    external: [/^node:/, "#place"],
  },
  modules(),
]);
