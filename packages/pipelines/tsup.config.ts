import { defineConfig } from "tsup";
import { library } from "@longspan/build";

const entries = {
  index: "src/index.ts",
  "place.node": "src/model/place.node.ts",
  "place.browser": "src/model/place.browser.ts",
};

// "#place" is resolved where the package is used: see "imports" in package.json.
export default defineConfig({ ...library(entries), external: [/^node:/, "#place"] });
