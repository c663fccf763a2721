import { availableParallelism, tmpdir } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { blockModules } from "./scripts/block-modules.ts";
import { findChromium, findLavapipe } from "./scripts/find-graphics.mjs";
import { sameNumbers } from "./scripts/same-numbers.ts";

// Tests run on the sources: the private condition below is the first entry of every package's "exports".
const conditions = ["@longspan/source"];
const nodeConditions = [...conditions, "import", "module", "node", "default"];

const folders = ["tests", "proof", "tools", "docs", "packages/*/src", "packages/*/test", "apps/*/src", "examples"];

// On every machine the tests' GPU is the same, lavapipe, whatever else is there; VK_DRIVER_FILES chooses another.
const lavapipe = findLavapipe();
if (lavapipe !== undefined) process.env.VK_DRIVER_FILES ??= lavapipe;
// Dawn's Vulkan loader asks for it, and warns where it is not set.
process.env.XDG_RUNTIME_DIR ??= tmpdir();
// Of tests that call onnxruntime by themselves.
process.env.ORT_DISABLE_TELEMETRY ??= "1";

/** These end what would never end by itself, on the slowest machine: milliseconds. */
const hangs = { testTimeout: 300_000, hookTimeout: 300_000, expect: { poll: { timeout: 90_000 } } } as const;

const node: TestProjectConfiguration = {
  plugins: [blockModules(import.meta.dirname), sameNumbers()],
  resolve: { conditions: nodeConditions },
  ssr: { resolve: { conditions: nodeConditions } },
  test: {
    name: "node",
    include: folders.map((folder) => `${folder}/**/*.test.ts`),
    exclude: ["tests/page/**", "**/*.browser.test.ts", "**/*.matrix-units.test.ts", "**/node_modules/**"],
    ...hangs,
    // Two cores have one worker otherwise. These first; browsers, which take two cores for themselves, afterwards.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { groupOrder: 1 },
  },
};

/** What needs a device with matrix units: `npm run test:matrix-units` runs it on such a driver. */
const matrixUnits: TestProjectConfiguration = {
  ...node,
  test: {
    ...node.test,
    name: "matrix-units",
    include: folders.map((folder) => `${folder}/**/*.matrix-units.test.ts`),
    exclude: ["**/node_modules/**"],
  },
};

/** A real Chromium, without a window; its WebGPU computes on the CPU (SwiftShader). */
function browser(executablePath: string): TestProjectConfiguration {
  return {
    plugins: [blockModules(import.meta.dirname)],
    resolve: { conditions: [...conditions, "import", "module", "browser", "default"] },
    // It finds its WebAssembly beside itself.
    optimizeDeps: { exclude: ["onnxruntime-web"] },
    test: {
      name: "browser",
      sequence: { groupOrder: 2 },
      include: folders.map((folder) => `${folder}/**/*.browser.test.ts`),
      ...hangs,
      browser: {
        enabled: true,
        // Of a machine that has much else to do.
        connectTimeout: 240_000,
        headless: true,
        screenshotFailures: false,
        instances: [{ browser: "chromium" }],
        provider: playwright({
          launchOptions: {
            executablePath,
            args: [
              "--enable-unsafe-webgpu",
              "--no-sandbox",
              "--disable-background-networking",
              "--disable-component-update",
              "--disable-sync",
              "--no-first-run",
            ],
          },
        }),
      },
    },
  };
}

/** The page of apps/page, built and opened in Chromium, one file after another: two cores do not run two of them. */
function page(executablePath: string): TestProjectConfiguration {
  return {
    resolve: { conditions: nodeConditions },
    ssr: { resolve: { conditions: nodeConditions } },
    test: {
      name: "page",
      sequence: { groupOrder: 3 },
      include: ["tests/page/**/*.test.ts"],
      globalSetup: ["tests/page/build-page.ts"],
      env: { CHROMIUM: executablePath },
      fileParallelism: false,
      ...hangs,
    },
  };
}

const chromium = findChromium();
if (chromium === undefined) {
  const advice = "no Chromium was found: install it, or set CHROMIUM to its executable";
  if (process.env.CI === "true") throw new Error(advice);
  console.error(`Tests in the browser are left out: ${advice}.`);
}

const everywhere = [node, ...(chromium === undefined ? [] : [browser(chromium), page(chromium)])];
export default defineConfig({ test: { projects: process.env.LONGSPAN_TEST_DEVICE === "matrix-units" ? [matrixUnits] : everywhere } });
