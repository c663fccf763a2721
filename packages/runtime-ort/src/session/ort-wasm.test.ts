import { describe, expect, test } from "vitest";
import { testRuntime } from "@longspan/core/testing";
import type { OrtModule } from "./ort-module.ts";
import { ort } from "./ort.ts";

const module: OrtModule = await import("onnxruntime-web");

describe("onnxruntime-web, wasm", () => {
  testRuntime({ describe, test, expect }, () => ort({ module, threads: 1 }));
});
