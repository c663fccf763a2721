import { writeCompanionFiles, type DataType, type LazyTensor, type Target, type TargetRequest } from "@longspan/core";
import { formatSafetensorsIndex, planSafetensors, planShards, shardFileName } from "@longspan/safetensors";
import { paddleLayout } from "../layouts/paddle.ts";
import { safetensorsTypeOf } from "../safetensors/safetensors-data-types.ts";

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
  name: "paddle-safetensors",
  description: "PaddlePaddle: model.safetensors with Paddle's names and axes, with config.json",
  layout: paddleLayout,
  container: "safetensors",
  fileName: "model.safetensors",
  fileExtensions: [".safetensors"],
  supersedes: [/^model(?:-\d{5}-of-\d{5})?\.safetensors$/, /^model\.safetensors\.index\.json$/],
  dataTypes,
  shards: true,
  async write(request: TargetRequest) {
    const tensors = request.tensors.map(({ tensor }) => tensor);
    const fileName = request.fileName ?? paddleSafetensorsTarget.fileName;
    if (request.shardBytes === undefined) await writeFile(request, fileName, tensors);
    else await writeShards(request, fileName, request.shardBytes, tensors);
    await writeCompanionFiles(request);
  },
};

async function writeShards(
  request: TargetRequest,
  fileName: string,
  maximumShardBytes: number,
  tensors: readonly LazyTensor[],
): Promise<void> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const extension = /\.[^.]*$/.exec(fileName)?.[0] ?? "";
  const { shards, index } = planShards(tensors, {
    maximumShardBytes,
    fileName: shardFileName(fileName.slice(0, fileName.length - extension.length), extension),
  });
  for (const shard of shards) {
    const held = shard.tensors.flatMap((name) => byName.get(name) ?? []);
    await writeFile(request, shard.fileName, held);
  }
  // A single file needs no index; PaddleNLP writes none for it either.
  if (shards.length === 1) return;
  const sink = await request.sink.file(`${fileName}.index.json`);
  await sink.write(new TextEncoder().encode(formatSafetensorsIndex(index)));
  await sink.close();
}

async function writeFile(request: TargetRequest, fileName: string, tensors: readonly LazyTensor[]): Promise<void> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const declarations = tensors.map(({ name, dataType, shape }) => ({
    name,
    dataType: safetensorsTypeOf[dataType],
    shape,
  }));
  const plan = planSafetensors(declarations, { metadata });
  const sink = await request.sink.file(fileName);
  await sink.write(plan.header);
  for (const { name } of plan.tensors) {
    const tensor = byName.get(name);
    if (tensor !== undefined) await request.copy(tensor, sink);
  }
  await sink.close();
}
