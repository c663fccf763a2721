import { torch } from "@longspan/adapter-torch";
import { testHead } from "@longspan/core/testing";
import { ort } from "@longspan/runtime-ort";
import { onnx } from "@longspan/runtime-ort/onnx";
import { describe, expect, test } from "vitest";
import spanNer from "./span-ner.ts";

// Parameters and graph agree, rows are computed by themselves; every target there and back; onnxruntime computes what the reference does.
testHead({ describe, test, expect }, spanNer, { adapters: [torch(), onnx()], runtimes: [ort()] });
