import { type FileSet, LongspanError } from "@longspan/core";
import { type FolderEntry, type FolderKind, joinedFileSet } from "@longspan/core/adapter";
import { deepspeedContainer } from "../containers/deepspeed.ts";
import type { TorchZipOptions } from "../containers/torch-zip.ts";
import {
  latestName,
  modelStatesName,
  optimizerStatesPattern,
  otherModelStatesPattern,
  partitionedModelStatesName,
  partitionedModelStatesPattern,
  scriptNames,
} from "../deepspeed/file-names.ts";
import { foldersUpwards, hasFile, shardAlone } from "./shard-alone.ts";

/** `latest` holds the name of a folder. */
const maxTagBytes = 256;

/** The folder of the shards, the checkpoint around it, and the run around that: trainers keep the configuration in one of them. */
const sidecarLevels = 2;

/**
 * Checkpoints of DeepSpeed, also as the trainers of transformers and Lightning leave them: a folder with `latest` and the folder that it
 * names (`global_step500`, Lightning's `checkpoint`), or that inner folder. A file of it that is no model by itself is told what it is.
 */
export function deepspeedFolder(options: TorchZipOptions = {}): FolderKind {
  const container = deepspeedContainer(options);

  async function entryIn(inner: FileSet | undefined): Promise<FolderEntry | undefined> {
    const fileName = inner === undefined ? undefined : await modelStatesIn(inner);
    if (inner === undefined || fileName === undefined) return undefined;
    await refuseModelParallel(inner);
    return { files: inner, fileName, container, sidecarFiles: joinedFileSet(foldersUpwards(inner, sidecarLevels)), warnings: [] };
  }

  return {
    name: "deepspeed",
    async find(files, fileName) {
      if (fileName !== undefined && fileName !== latestName && !scriptNames.includes(fileName)) return namedFile(files, fileName);
      const entry = (await entryIn(await latestFolder(files))) ?? (await entryIn(files));
      if (entry === undefined) await refuseParts(files);
      return entry;
    },
    async beside(files, fileName) {
      const inner = await latestFolder(files);
      if (inner === undefined || (await modelStatesIn(inner)) === undefined) return undefined;
      return `${files.name} also holds a checkpoint of DeepSpeed, whose weights may be exacter (float32 master weights) than those of ${fileName}, which is read. Give ${inner.name} to read them.`;
    },
  };
}

/** The name of the model states of rank 0, if they are there. */
async function modelStatesIn(files: FileSet): Promise<string | undefined> {
  for (const fileName of [modelStatesName, partitionedModelStatesName(0)]) if (await hasFile(files, fileName)) return fileName;
  return undefined;
}

/** The folder that `latest` names. */
async function latestFolder(files: FileSet): Promise<FileSet | undefined> {
  const source = await files.resolve(latestName);
  if (source === undefined) return undefined;
  try {
    if (source.size === 0 || source.size > maxTagBytes) return undefined;
    const tag = new TextDecoder().decode(await source.read(0, source.size)).trim();
    // What is no plain name is none of DeepSpeed's tags.
    return /^[^/\\:\p{Cc}]+$/u.test(tag) && !/^\.{1,2}$/.test(tag) ? await files.folder?.(tag) : undefined;
  } finally {
    await source.close();
  }
}

async function namedFile(files: FileSet, fileName: string): Promise<FolderEntry | undefined> {
  const instead = `Give the folder ${files.name} instead: it is read as one checkpoint.`;
  if (optimizerStatesPattern.test(fileName))
    throw shardAlone(files, fileName, "one rank's share of the optimizer of a DeepSpeed checkpoint", instead);
  if (partitionedModelStatesPattern.test(fileName))
    throw shardAlone(files, fileName, "one rank's share of a DeepSpeed checkpoint (ZeRO 3)", instead);
  if (otherModelStatesPattern.test(fileName)) throw modelParallel(files, fileName);
  if (fileName !== modelStatesName) return undefined;
  await refuseModelParallel(files);
  const listed = (await files.list?.()) ?? [];
  const warnings = listed.some((name) => optimizerStatesPattern.test(name))
    ? [
        `${files.name}/${fileName} is the model file of a DeepSpeed checkpoint: after training in half precision, float32 master weights lie in the shards beside it. Give the folder to read those.`,
      ]
    : [];
  return { files, fileName, sidecarFiles: joinedFileSet(foldersUpwards(files, sidecarLevels)), warnings };
}

/** Parts of a checkpoint without the model states of rank 0. */
async function refuseParts(files: FileSet): Promise<void> {
  await refuseModelParallel(files);
  const listed = (await files.list?.()) ?? [];
  const part = listed.find((name) => optimizerStatesPattern.test(name) || partitionedModelStatesPattern.test(name));
  if (part === undefined) return;
  throw new LongspanError(
    "not-found",
    `${files.name} holds parts of a DeepSpeed checkpoint (${part}), but neither ${modelStatesName} nor ${partitionedModelStatesName(0)}. Every rank wrote files of its own, often on several machines: copy all of them into one folder.`,
    { details: { folder: files.name, file: part } },
  );
}

async function refuseModelParallel(files: FileSet): Promise<void> {
  const other = (await files.list?.())?.find((name) => otherModelStatesPattern.test(name));
  if (other !== undefined) throw modelParallel(files, other);
}

function modelParallel(files: FileSet, fileName: string): LongspanError {
  return shardAlone(
    files,
    fileName,
    "one of several files of a model that DeepSpeed cut into tensor-parallel ranks, pipeline stages or experts",
    "The files do not say how the weights were cut: merge them with the code that trained the model, then give the merged file.",
  );
}
