import { testRuntime } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import ownRuntime from "./own-runtime.ts";

testRuntime({ describe, test, expect }, ownRuntime);
