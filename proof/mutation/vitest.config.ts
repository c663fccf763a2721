import { defineConfig } from "vitest/config";
import { sameNumbers } from "../../scripts/same-numbers.ts";

// The tests that hold what is changed, and no others: each change is tried on all of them that reach it.
export default defineConfig({
  // A change that one run finds is found by all.
  plugins: [sameNumbers()],
  resolve: { conditions: ["@longspan/source", "import", "module", "node", "default"] },
  ssr: { resolve: { conditions: ["@longspan/source", "import", "module", "node", "default"] } },
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: [
      "packages/core/src/rules/*.test.ts",
      "packages/core/src/tensor/*.test.ts",
      "packages/core/src/conversion/{create-converter,check-ties,decide-orientation,describe-tensors,strange-storages}.test.ts",
    ],
    testTimeout: 60_000,
  },
});
