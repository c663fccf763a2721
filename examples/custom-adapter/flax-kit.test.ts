import { testFormatAdapter } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import flax from "./flax.ts";

// Every head and float type there and back, failing disks, interruptions, odd bytes.
testFormatAdapter({ describe, test, expect }, flax);
