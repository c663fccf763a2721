import type { DataType } from "@longspan/core";
import { type Target, type TargetRequest, writeSidecarFiles } from "@longspan/core/adapter";
import { safetensorsFiles, writeSafetensors } from "@longspan/container-safetensors";
import { paddleLayout } from "../layouts/paddle.ts";

/** What Paddle's binding of safetensors reads (bindings/python/py_src/safetensors/paddle.py, `_TYPES`). */
const dataTypes: readonly DataType[] = [
  "float64",
  "float32",
  "float16",
  "bfloat16",
  "float8_e4m3fn",
  "float8_e5m2",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint8",
  "bool",
];

/** PaddleNLP reads files that say "np" (paddlenlp/transformers/model_utils.py, `load_state_dict`), fails on those that say nothing, and refuses "pd". */
const metadata = { format: "np" };

/**
 * `model.safetensors` with Paddle's names and axes, or shards with their index, with config.json and the tokenizer's files. bfloat16 is written as the format's own BF16,
 * which `paddle.load(…, safetensors=True)` reads; PaddleNLP's numpy reader knows it as U16 only.
 */
export const paddleSafetensorsTarget: Target = {
  ...safetensorsFiles,
  name: "paddle-safetensors",
  description: "PaddlePaddle: model.safetensors with Paddle's names and axes, with config.json",
  layout: paddleLayout,
  dataTypes,
  async write(request: TargetRequest) {
    await writeSafetensors(request, { metadata });
    await writeSidecarFiles(request);
  },
};
