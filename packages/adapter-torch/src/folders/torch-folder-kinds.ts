import type { FolderKind } from "@longspan/core";
import type { TorchZipOptions } from "../containers/torch-zip.ts";
import { deepspeedFolder } from "./deepspeed-folder.ts";
import { distributedFolder } from "./distributed-folder.ts";
import { foreignFolder } from "./foreign-folders.ts";
import { runsFolder } from "./runs-folder.ts";

/** The kinds of folders that trainings with torch leave in several files. */
export function torchFolderKinds(options: TorchZipOptions = {}): readonly FolderKind[] {
  const sharded = [deepspeedFolder(options), distributedFolder(options)];
  return [...sharded, foreignFolder(), runsFolder(sharded)];
}
