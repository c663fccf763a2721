import type { LazyTensor } from "@longspan/core";
import {
  headRecord,
  renameTensor,
  type Target,
  type TargetRequest,
  writeSidecarFiles,
  writeTextFile,
  writeWeightsFile,
} from "@longspan/core/adapter";
import { shardTensors } from "@longspan/container-safetensors";
import { writtenTypes } from "../hdf5/encode-messages.ts";
import { aligned } from "../hdf5/output.ts";
import { planHdf5 } from "../hdf5/plan-hdf5.ts";
import type { PlannedGroup } from "../hdf5/plan-hdf5.ts";
import { tensorflowLayout } from "../layout/tensorflow-layout.ts";
import { weightPath } from "../layout/weight-path.ts";
import { kerasFile, kerasShard } from "./keras-file.ts";

const weightsFileName = "tf_model.h5";

/** A folder for transformers 4 on TensorFlow: tf_model.h5 (or shards and their index), config.json, the tokenizer's files. */
export function tensorflowTarget(): Target {
  return {
    name: "tensorflow",
    description: "TensorFlow: tf_model.h5 for transformers 4, config.json, tokenizer",
    layout: tensorflowLayout,
    container: "hdf5",
    fileName: weightsFileName,
    fileExtensions: [".h5", ".hdf5"],
    supersedes: [/^tf_model(?:-\d{5}-of-\d{5})?\.h5$/, /^tf_model\.h5\.index\.json$/],
    dataTypes: writtenTypes,
    shards: true,
    write,
  };
}

/** Ties are not written: transformers' TensorFlow models tie the decoder to the word embeddings always. */
async function write(request: TargetRequest): Promise<void> {
  const model = snakeCase(`TF${headRecord(request.spec.head).architecture}`);
  const weights = request.tensors.map(({ tensor }) => renameTensor(tensor, `${model}/${weightPath(tensor.name)}`));
  const { files, index } = await shardTensors(weights, { fileName: request.fileName ?? weightsFileName, shardBytes: request.shardBytes });
  for (const { fileName, tensors } of files) {
    await writeFile(request, fileName, tensors, index === undefined ? kerasFile(byLayer(tensors)) : kerasShard(tensors));
  }
  if (index !== undefined) await writeTextFile(request.sink, index.fileName, index.text);
  await writeSidecarFiles(request);
}

async function writeFile(request: TargetRequest, fileName: string, weights: readonly LazyTensor[], root: PlannedGroup): Promise<void> {
  const { head, datasets } = planHdf5(root);
  const byDataset = new Map(weights.map((weight) => [weight.name, weight]));
  const values = datasets.flatMap(({ weight }) => {
    const tensor = byDataset.get(weight);
    return tensor === undefined ? [] : [tensor, new Uint8Array(aligned(tensor.byteLength) - tensor.byteLength)];
  });
  await writeWeightsFile(request, fileName, [head, ...values]);
}

/**
 * `model/longformer/…` belongs to the layer `longformer`. The masked language model's head repeats the embeddings: without them there,
 * transformers says that they are newly initialized.
 */
function byLayer(weights: readonly LazyTensor[]): Map<string, LazyTensor[]> {
  const layers = new Map<string, LazyTensor[]>();
  for (const weight of weights) {
    const layer = weight.name.split("/")[1] ?? "";
    layers.set(layer, [...(layers.get(layer) ?? []), weight]);
  }
  layers.get("lm_head")?.push(...weights.filter(({ name }) => name.split("/")[2] === "embeddings"));
  return layers;
}

/** Keras's `to_snake_case` of a class's name: `TFLongformerModel` is `tf_longformer_model`. */
function snakeCase(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
