import { describe, expect, test } from "vitest";
import { testRuntime } from "@longspan/core/testing";
import { webgpu, webGpuFeatures } from "@longspan/runtime-webgpu";
import { someForwardCases, testForwardCases } from "./test-forward-cases.ts";

/** One device for all of them: it keeps its compiled kernels, which are most of the time here. */
async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("this browser has no GPU adapter");
  const requiredFeatures = webGpuFeatures.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[];
  return adapter.requestDevice({ requiredFeatures });
}

const device = await openDevice();

describe("the conformance kit, on a device that is handed in", () => {
  testRuntime({ describe, test, expect }, () => webgpu({ device }));
});

testForwardCases("float32", webgpu({ device }), { maxAllowed: 1e-4 });
testForwardCases("float16", webgpu({ device, precision: "float16" }), { maxAllowed: 2e-2, cases: someForwardCases });

testForwardCases("a device that is found", webgpu(), { maxAllowed: 1e-4, cases: ["question-answering-text"] });
