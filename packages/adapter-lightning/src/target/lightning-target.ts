import type { TorchMap, TorchValue } from "@longspan/adapter-torch/writing";
import { type DataType, dataTypes } from "@longspan/core";
import { type Layout, type Target, type TargetRequest, type TreeValue, writeSidecarFiles } from "@longspan/core/adapter";
import { hyperParametersMetadata } from "../envelope/lightning-envelope.ts";
import { hyperParameterTypeKey, stateDictKey, versionKey } from "../envelope/top-level-keys.ts";
import { plainTorchDictionary } from "./plain-torch-value.ts";

/**
 * The Lightning whose checkpoint format is written. Loading an older version's file runs migrations
 * (lightning/pytorch/utilities/migration/migration.py: the last ones are for 2.0.0), loading a newer version's file warns; with
 * this one every Lightning 2 does neither.
 */
const formatVersion = "2.0.0";

/** Where Lightning itself keeps the version of the file that a migrated one came from. */
const sourceVersionKey = "legacy_pytorch-lightning_version";

/** Lightning writes through a buffer, so that its archives have torch's default top folder. */
const topFolder = "archive";

/** The weights file in a folder. */
export const checkpointFileName = "model.ckpt";

/**
 * A checkpoint for `LightningModule.load_from_checkpoint` and `Trainer.validate / test / predict(ckpt_path=…)`: the weights, the source's
 * hyper-parameters as plain values, epoch and step (0 where the source has none). No optimizer state, callbacks or loops are
 * made up, so `Trainer.fit(ckpt_path=…)` says, as for any weights-only checkpoint, that there is nothing to resume.
 */
export function lightningTarget(layout: Layout): Target {
  return {
    name: "lightning",
    description: "PyTorch Lightning checkpoint: model.ckpt, config.json, tokenizer",
    layout,
    container: "torch-zip",
    fileName: checkpointFileName,
    fileExtensions: [".ckpt"],
    supersedes: [],
    dataTypes: Object.keys(dataTypes) as DataType[],
    keepsUnused: true,
    shards: false,
    write: (request) => write(request),
  };
}

async function write(request: TargetRequest): Promise<void> {
  const { sink } = request;
  const { writeTorchZip } = await import("@longspan/adapter-torch/writing");
  const file = await sink.file(request.fileName ?? checkpointFileName);
  await writeTorchZip(file, { root: checkpointOf(request), topFolder, copy: (tensor, to, observe) => request.copy(tensor, to, observe) });
  await file.close();
  await writeSidecarFiles(request);
}

function checkpointOf({ tensors, aliases, metadata }: TargetRequest): TorchMap {
  const byName = new Map<string, TorchValue>();
  for (const { tensor } of tensors) byName.set(tensor.name, { kind: "tensor", tensor });
  for (const { name, of } of aliases) {
    const value = byName.get(of);
    if (value !== undefined) byName.set(name, value);
  }
  const entries: [TorchValue, TorchValue][] = [
    ["epoch", counter(metadata.get("epoch"))],
    ["global_step", counter(metadata.get("global_step"))],
    [versionKey, formatVersion],
    [stateDictKey, { kind: "map", entries: [...byName], ordered: true }],
  ];
  const sourceVersion = metadata.get(versionKey);
  if (typeof sourceVersion === "string" && sourceVersion !== formatVersion) entries.push([sourceVersionKey, sourceVersion]);
  const hyperParameters = plainTorchDictionary(metadata.get(hyperParametersMetadata));
  if (hyperParameters !== undefined) {
    for (const key of ["hparams_name", hyperParameterTypeKey]) {
      const value = metadata.get(key);
      if (typeof value === "string") entries.push([key, value]);
    }
    entries.push(["hyper_parameters", hyperParameters]);
  }
  return { kind: "map", entries };
}

/** A count that the source states, or 0: as far as Lightning knows, nothing has been trained. */
function counter(value: TreeValue | undefined): number | bigint {
  const isCount = (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) || (typeof value === "bigint" && value >= 0n);
  return isCount ? value : 0;
}
