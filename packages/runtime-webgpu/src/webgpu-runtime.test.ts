import { describe, expect, test } from "vitest";
import { testRuntime } from "@longspan/core/testing";
import { webgpu } from "./webgpu-runtime.ts";

describe("all features", () => {
  testRuntime({ describe, test, expect }, () => webgpu());
});
