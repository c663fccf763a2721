import type { FolderKind } from "@longspan/core/adapter";
import type { TorchZipOptions } from "../containers/torch-zip.ts";
import { deepspeedFolder } from "./deepspeed-folder.ts";
import { distributedFolder } from "./distributed-folder.ts";
import { foreignFolder } from "./foreign-folders.ts";
import { huggingFaceCacheFolder } from "./hugging-face-cache.ts";
import { peftAdapterFolder } from "./peft-adapter.ts";
import { runsFolder } from "./runs-folder.ts";
import { sentenceTransformersFolder } from "./sentence-transformers.ts";
import { trainerRunFolder } from "./trainer-run.ts";

/** The kinds of folders that trainings with torch leave, and that Hugging Face's libraries make around a model. */
export function torchFolderKinds(options: TorchZipOptions = {}): readonly FolderKind[] {
  const sharded = [deepspeedFolder(options), distributedFolder(options)];
  return [
    ...sharded,
    sentenceTransformersFolder(),
    huggingFaceCacheFolder(),
    peftAdapterFolder(),
    foreignFolder(),
    trainerRunFolder(),
    runsFolder(sharded),
  ];
}
