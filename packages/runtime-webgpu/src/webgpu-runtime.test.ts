import { afterAll, describe, expect, test } from "vitest";
import { type TestKit, testRuntime } from "@longspan/core/testing";
import { someOfKit } from "./testing/some-of-kit.ts";
import { runtimeWithFacts } from "./testing/runtime-with-facts.ts";
import { testDevice, type TestDevice, type TestDeviceOptions } from "./testing/test-device.ts";
import type { WebGpuRuntime } from "./webgpu-options.ts";
import { webgpu } from "./webgpu-runtime.ts";

const kit: TestKit = { describe, test, expect };

/** The tests whose kernels go by the device's features; of products and of attention the kernels' own tests have more. */
const some = someOfKit(kit, ["operations", "Longformers"], /^(layerNormalization|softmax|reduceSum): |tokens|padded rows/);

function onDevice(options: TestDeviceOptions, create: (device: GPUDevice) => WebGpuRuntime): () => Promise<WebGpuRuntime> {
  let opened: GPUDevice | undefined;
  afterAll(() => opened?.destroy());
  return async () => {
    ({ device: opened } = await testDevice(options));
    return create(opened);
  };
}

describe("all the adapter has", () => {
  testRuntime(
    kit,
    onDevice({}, (device) => webgpu({ device })),
  );
});

describe("no subgroups, no float16 arithmetic, no limit above WebGPU's defaults", () => {
  const options: TestDeviceOptions = { features: ["timestamp-query"], limits: "default" };
  testRuntime(
    some,
    onDevice(options, (device) => webgpu({ device })),
  );
});

// With all features, tests/webgpu-parity has them.
describe("weights in float16, without features", () => {
  const padded = someOfKit(kit, ["Longformers"], /padded rows/);
  const create = onDevice({ features: ["timestamp-query"], limits: "default" }, (device) => webgpu({ device, precision: "float16" }));
  testRuntime(padded, create, { tolerance: { absolute: 2e-2, relative: 2e-2 } });
});

/** Software adapters keep float32 between kernels: here the same device is taken for a GPU. */
describe("float16 between kernels, as on a GPU", () => {
  const few = someOfKit(kit, ["Longformers"], /^(question-answering, padded rows|17 tokens)$/);
  let opened: TestDevice | undefined;
  afterAll(() => opened?.device.destroy());
  const create = async (): Promise<WebGpuRuntime> => {
    opened = await testDevice();
    return runtimeWithFacts(
      { ...opened, facts: { ...opened.facts, kind: "gpu", compilesSlowly: true } },
      { precision: "float16", tuning: "rules" },
    );
  };
  testRuntime(few, create, { tolerance: { absolute: 2e-2, relative: 2e-2 } });
});

test("an option that there is not is refused by the one that was meant, before there is a device", () => {
  const misspelt = { precison: "float16" } as const;
  expect(() => webgpu(misspelt as object)).toThrow(/no option "precison" of webgpu.*precision/);
});
