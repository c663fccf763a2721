import { describe, expect, test } from "vitest";
import { rawAdapter } from "../../test/raw-adapter.ts";
import { plainLayout, turnedLayout } from "../../test/sample-model.ts";
import { testFormatAdapter } from "./test-format-adapter.ts";

testFormatAdapter({ describe, test, expect }, () => rawAdapter([plainLayout, turnedLayout]));
