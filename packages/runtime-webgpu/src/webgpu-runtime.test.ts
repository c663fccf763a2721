import { afterAll, describe, expect, test } from "vitest";
import { testRuntime, type TestKit } from "@longspan/core/testing";
import { someOfKit } from "./testing/some-of-kit.ts";
import { testDevice, type TestDeviceOptions } from "./testing/test-device.ts";
import { webgpu, type WebGpuRuntime } from "./webgpu-runtime.ts";

const kit: TestKit = { describe, test, expect };

/** The tests whose kernels go by the device's features or by how weights are kept. */
const some = someOfKit(
  kit,
  ["operations", "Longformers"],
  /^(linear|matMul|embedding|layerNormalization|softmax|reduceSum|longformerAttention): |tokens|padded rows/,
);

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

describe("weights in float16", () => {
  const narrow = { tolerance: { absolute: 2e-2, relative: 2e-2 } } as const;
  testRuntime(
    some,
    onDevice({}, (device) => webgpu({ device, precision: "float16" })),
    narrow,
  );

  describe("without float16 arithmetic and subgroups", () => {
    testRuntime(
      some,
      onDevice({ features: ["timestamp-query"] }, (device) => webgpu({ device, precision: "float16" })),
      narrow,
    );
  });
});
