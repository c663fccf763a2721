import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const seeded = fileURLToPath(new URL("seeded-fast-check.ts", import.meta.url));

/**
 * Properties are tried on the same inputs in every run: who imports fast-check gets it with a seed. `FAST_CHECK_SEED=<an integer>` gives other inputs. A
 * plugin rather than a set-up file, which would load fast-check for every test.
 */
export function sameNumbers(): Plugin {
  return {
    name: "a seed for fast-check",
    enforce: "pre",
    resolveId: (id, importer) => (id === "fast-check" && importer !== seeded ? seeded : undefined),
  };
}
