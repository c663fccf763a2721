// Keeps what a package's entry points do not reach out of its tarball: node ../../tools/build/leave-out-unreached.ts, in the package's folder
// after its build. It stays in dist/, where the compiler needs it to build only what has changed; npm goes by dist/.npmignore.
import { writeFileSync } from "node:fs";
import { unreachedFiles } from "./unreached-files.ts";

writeFileSync(
  "dist/.npmignore",
  unreachedFiles(".")
    .map((file) => `/${file}\n`)
    .join(""),
);
