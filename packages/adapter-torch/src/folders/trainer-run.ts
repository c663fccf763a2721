import { type FileSet, LongspanError } from "@longspan/core";
import type { FolderKind } from "@longspan/core/adapter";

/** `checkpoint-500`, by transformers' Trainer: the number is the step. */
const checkpointName = /^checkpoint-(\d{1,15})$/;

/** How many are listed in a message. */
const listed = 8;

/** The folder of a run of transformers' Trainer, opened at its root: checkpoints of several steps, of which the user has to name one. */
export function trainerRunFolder(): FolderKind {
  return {
    name: "trainer-run",
    async find(files, fileName) {
      if (fileName !== undefined) return undefined;
      const checkpoints = await checkpointsIn(files);
      const [newest] = checkpoints;
      if (newest === undefined) return undefined;
      if (checkpoints.length === 1) {
        const only = await files.folder?.(newest);
        return only === undefined ? undefined : { files: only, warnings: [`${files.name}: its only checkpoint, ${newest}, is read.`] };
      }
      throw new LongspanError(
        "ambiguous-format",
        `${files.name} holds ${checkpoints.length} checkpoints of a training, the newest first: ${checkpoints.slice(0, listed).join(", ")}${checkpoints.length > listed ? ", …" : ""}. None is taken by itself. Name the one that is meant; the newest is ${files.name}/${newest}.`,
        { details: { folder: files.name, candidates: checkpoints, newest: `${files.name}/${newest}` } },
      );
    },
  };
}

/** The newest first. */
async function checkpointsIn(files: FileSet): Promise<readonly string[]> {
  const names = (await files.listFolders?.()) ?? [];
  return names
    .flatMap((name) => {
      const step = checkpointName.exec(name)?.[1];
      return step === undefined ? [] : [{ name, step: Number(step) }];
    })
    .toSorted((one, other) => other.step - one.step)
    .map(({ name }) => name);
}
