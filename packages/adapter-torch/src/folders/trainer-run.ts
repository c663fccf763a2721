import { LongspanError, type FileSet, type FolderKind } from "@longspan/core";

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
      throw new LongspanError(
        "ambiguous-format",
        `${files.name} is the folder of a training run with ${checkpoints.length === 1 ? "one checkpoint" : `${checkpoints.length} checkpoints, the newest first`}: ${checkpoints.slice(0, listed).join(", ")}${checkpoints.length > listed ? ", …" : ""}. None is taken by itself. Give the one that is meant; for the newest, ${files.name}/${newest}.`,
        { details: { folder: files.name, candidates: checkpoints } },
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
