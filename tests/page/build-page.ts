import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Before the page's tests: the page as it is shipped, of the sources as they are. */
export default async function buildPage(): Promise<void> {
  const root = fileURLToPath(new URL("../../apps/page/", import.meta.url));
  // Vitest says "test", which would make it a page for development.
  process.env.NODE_ENV = "production";
  await build({ root, configFile: `${root}vite.config.ts`, logLevel: "error", mode: "production" });
}
