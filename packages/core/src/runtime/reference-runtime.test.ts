import { describe, expect, test } from "vitest";
import { testRuntime } from "../testing/test-runtime.ts";
import { referenceRuntime } from "./reference-runtime.ts";

describe("referenceRuntime", () => {
  testRuntime({ describe, test, expect }, () => referenceRuntime());
});
