import { testFormatAdapter } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import { tensorflow } from "./tensorflow.ts";

testFormatAdapter({ describe, test, expect }, tensorflow);
