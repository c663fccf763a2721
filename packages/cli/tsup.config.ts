import { cp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defineConfig } from "tsup";
import { library } from "@longspan/build";

const builtPage = fileURLToPath(new URL("../../apps/page/dist/", import.meta.url));
const ownPage = fileURLToPath(new URL("dist/page/", import.meta.url));

export default defineConfig({
  ...library({ cli: "src/cli.ts", index: "src/index.ts" }),
  platform: "node",
  // What a document is has to be known where what reads it is not installed.
  noExternal: ["@longspan/documents/kind"],
  // `longspan page` serves the page from this package. onnxruntime's 14 MB are served from where it is installed.
  async onSuccess() {
    await rm(ownPage, { recursive: true, force: true });
    await cp(builtPage, ownPage, { recursive: true, filter: (path) => !path.startsWith(`${builtPage}ort`) && !path.endsWith("_headers") });
  },
});
