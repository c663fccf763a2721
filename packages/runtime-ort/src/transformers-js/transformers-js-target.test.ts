import { expect, test } from "vitest";
import { transformersJsTarget } from "./transformers-js-target.ts";

test("weights of every type make way for those that are written: they may be another model's", () => {
  const { supersedes } = transformersJsTarget({});
  const goes = (name: string): boolean => supersedes.some((pattern) => pattern.test(name));
  const weights = ["onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_fp16.onnx", "onnx/model_quantized.onnx", "onnx/model_q4f16.onnx"];
  expect(weights.filter((name) => !goes(name))).toEqual([]);
  expect(["onnx/vocab.onnx", "config.json", "onnx/model.onnx.bak", "model.onnx"].filter(goes)).toEqual([]);
});
