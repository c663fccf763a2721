import * as module from "onnxruntime-web";
import { ort } from "@longspan/runtime-ort";
import { someForwardCases, testForwardCases } from "./test-forward-cases.ts";

// The conformance kit runs on the same WebAssembly in Node: here it is whether it comes up in a browser, and counts right.
testForwardCases("a module that is handed in", ort({ module, executionProviders: ["wasm"] }), {
  maxAllowed: 1e-4,
  cases: someForwardCases,
});
testForwardCases("a module that is found", ort(), { maxAllowed: 1e-4, cases: ["question-answering-text"] });
