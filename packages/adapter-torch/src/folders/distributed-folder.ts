import { type FileSet, LongspanError } from "@longspan/core";
import { type FolderEntry, type FolderKind, joinedFileSet } from "@longspan/core/adapter";
import { torchDistributedContainer } from "../containers/torch-distributed.ts";
import { safetensorsShardPattern } from "../containers/safetensors-shard-name.ts";
import { torchDistributedSafetensorsContainer } from "../containers/torch-distributed-safetensors.ts";
import type { TorchZipOptions } from "../containers/torch-zip.ts";
import { foldersUpwards, hasFile, shardAlone } from "./shard-alone.ts";

const metadataName = ".metadata";

/** torch/distributed/checkpoint/filesystem.py: `__RANK_NUMBER.distcp`. */
const shardPattern = /\.distcp$/;

/** Metadata of a rank alone, where the ranks wrote without telling each other. */
const rankMetadataPattern = /^__\d+\.metadata$/;

/**
 * Checkpoints of torch.distributed.checkpoint: a folder with `.metadata` and `.distcp` files, as FSDP, tensor parallel training, Lightning
 * (`NAME.ckpt/`) and Accelerate (`pytorch_model_fsdp_0/`, in a checkpoint's folder) leave them; or one of `shard-00001-model-00001-of-00001.safetensors`
 * and its like. A shard by itself is told what it is.
 */
export function distributedFolder(options: TorchZipOptions = {}): FolderKind {
  const container = torchDistributedContainer(options);

  const safetensors = torchDistributedSafetensorsContainer();

  async function entryIn(files: FileSet | undefined): Promise<FolderEntry | undefined> {
    if (files === undefined) return undefined;
    const found = { files, sidecarFiles: joinedFileSet(foldersUpwards(files, 1)), warnings: [] };
    if (await hasFile(files, metadataName)) return { ...found, fileName: metadataName, container };
    const shard = (await files.list?.())?.find((name) => safetensorsShardPattern.test(name));
    return shard === undefined ? undefined : { ...found, fileName: shard, container: safetensors };
  }

  return {
    name: "torch-distributed",
    async find(files, fileName) {
      if (fileName !== undefined && fileName !== metadataName) return namedFile(files, fileName);
      const entry = (await entryIn(files)) ?? (await entryIn(await accelerateFolder(files)));
      if (entry === undefined) await refuseParts(files);
      return entry;
    },
    async beside(files, fileName) {
      const inner = await accelerateFolder(files);
      if (inner === undefined || !(await hasFile(inner, metadataName))) return undefined;
      return `${files.name} also holds a sharded checkpoint (${inner.name}); ${fileName} is read. Give that folder to read it.`;
    },
  };
}

/** Accelerate keeps the model's shards in a folder of this name, with the configuration beside it; `_1` and on are further models. */
async function accelerateFolder(files: FileSet): Promise<FileSet | undefined> {
  const name = "pytorch_model_fsdp_0";
  const listed = await files.listFolders?.();
  return listed === undefined || listed.includes(name) ? files.folder?.(name) : undefined;
}

async function namedFile(files: FileSet, fileName: string): Promise<undefined> {
  const isSafetensors = safetensorsShardPattern.test(fileName);
  if (!shardPattern.test(fileName) && !rankMetadataPattern.test(fileName) && !isSafetensors) return;
  const instead =
    isSafetensors || (await hasFile(files, metadataName))
      ? `Give the folder ${files.name} instead: it is read as one checkpoint.`
      : `Without the file ${metadataName} nothing says what lies where in it: copy the whole folder that it comes from (${metadataName} is hidden in listings), and give that.`;
  throw shardAlone(files, fileName, "one process's share of a distributed checkpoint (torch.distributed.checkpoint, FSDP)", instead);
}

async function refuseParts(files: FileSet): Promise<void> {
  const listed = (await files.list?.()) ?? [];
  const alone = listed.find((name) => rankMetadataPattern.test(name));
  const shard = listed.find((name) => shardPattern.test(name));
  if (alone === undefined && shard === undefined) return;
  const why =
    alone === undefined
      ? `but no ${metadataName}, which says what lies where (its name begins with a dot: copying with * leaves it behind). Copy it, too.`
      : `and metadata of every rank by itself (${alone}), as they are written with use_collectives=False. Load it where it was trained and save it with torch.distributed.checkpoint's defaults.`;
  throw new LongspanError("not-found", `${files.name} holds shards of a distributed checkpoint (${shard ?? alone ?? ""}), ${why}`, {
    details: { folder: files.name, file: shard ?? alone },
  });
}
