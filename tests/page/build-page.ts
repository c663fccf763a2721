import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Before the page's tests: the page as it is shipped, of the sources as they are. */
export default async function buildPage(): Promise<void> {
  const root = fileURLToPath(new URL("../../apps/page/", import.meta.url));
  await build({ root, configFile: `${root}vite.config.ts`, logLevel: "error", mode: "production" });
}
