import { defineConfig } from "vitest/config";

// Tests run on the sources: the private condition below is the first entry of every package's "exports".
const conditions = ["@longspan/source"];

export default defineConfig({
  resolve: { conditions: [...conditions, "import", "module", "node", "default"] },
  ssr: { resolve: { conditions: [...conditions, "import", "module", "node", "default"] } },
  test: {
    include: ["tests/**/*.test.ts", "packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "examples/**/*.test.ts"],
    testTimeout: 60_000,
  },
});
