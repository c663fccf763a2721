// A program of the GPU archive: core's conformance kit for runtimes, on this machine's GPU.
// Options: --precision float32|float16, --share I/N (every Nth test, from the Ith), --tests TEXT (a regular expression that names must
// match), --output FILE.
import { availableParallelism } from "node:os";
import { deepStrictEqual } from "node:assert";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { testRuntime } from "@longspan/core/testing";
import { webgpu } from "@longspan/runtime-webgpu";
import { openDevice } from "../../packages/runtime-webgpu/src/device/open-device.ts";

export interface KitResults {
  readonly precision: string;
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly message: string }[];
}

interface Test {
  readonly name: string;
  readonly body: () => void | Promise<void>;
}

const { values: options } = parseArgs({
  options: {
    precision: { type: "string", default: "float32" },
    share: { type: "string", default: "0/1" },
    tests: { type: "string", default: "" },
    output: { type: "string" },
  },
});
const precision = options.precision === "float16" ? "float16" : "float32";
const [at = 0, shares = 1] = options.share.split("/").map(Number);
const wanted = new RegExp(options.tests);
const tests: Test[] = [];
const suites: string[] = [];
const { device, facts } = await openDevice({});
testRuntime(
  {
    describe(name, body) {
      suites.push(name);
      body();
      suites.pop();
    },
    test: (name, body) => void tests.push({ name: [...suites, name].join(": "), body }),
    expect: (actual) => ({
      toBe: (expected) => deepStrictEqual(actual, expected),
      // As in vitest, a property that is undefined is as good as none.
      toEqual: (expected) => deepStrictEqual(withoutUndefined(actual), withoutUndefined(expected)),
    }),
  },
  () => webgpu({ device, precision }),
  precision === "float16" ? { tolerance: { absolute: 2e-2, relative: 2e-2 } } : {},
);
const chosen = tests.filter(({ name }) => wanted.test(name)).filter((_, index) => index % shares === at);
const failed: { name: string; message: string }[] = [];
const queue = [...chosen];
// Most of the time goes into compiling, which WebGPU does beside this thread.
await Promise.all(
  Array.from({ length: Math.max(1, Math.min(6, Math.floor(availableParallelism() / 2))) }, async () => {
    for (let test = queue.shift(); test !== undefined; test = queue.shift()) {
      try {
        await test.body();
      } catch (error) {
        failed.push({ name: test.name, message: error instanceof Error ? error.message : String(error) });
      }
    }
  }),
);
device.destroy();
console.log(`kit in ${precision} on ${facts.name}: ${chosen.length - failed.length} of ${chosen.length} tests pass`);
for (const { name, message } of failed) console.log(`  FAILED ${name}: ${message.split("\n").slice(0, 12).join("\n    ")}`);
if (options.output !== undefined) {
  const results: KitResults = { precision, passed: chosen.length - failed.length, failed };
  await writeFile(options.output, JSON.stringify(results));
}
process.exitCode = failed.length > 0 ? 1 : 0;

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key, withoutUndefined(each)]),
  );
}
