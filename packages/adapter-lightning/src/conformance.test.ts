import { testFormatAdapter } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import { lightning } from "./index.ts";

testFormatAdapter({ describe, test, expect }, () => lightning());
