import { describe, expect, test } from "vitest";
import { testRuntime } from "@longspan/core/testing";
import { testDevice } from "./testing/test-device.ts";
import { webgpu } from "./webgpu-runtime.ts";

describe("all features", () => {
  testRuntime({ describe, test, expect }, async () => webgpu({ device: (await testDevice()).device }));
});
