import { LongspanError } from "@longspan/core";
import type { FolderKind } from "@longspan/core/adapter";

/** A kind of sharded checkpoint that is known by its names, and is not read. */
interface ForeignKind {
  /** What it is, and the way out. */
  readonly message: string;
  readonly matches: (files: readonly string[], folders: readonly string[]) => boolean;
}

const kinds: readonly ForeignKind[] = [
  {
    // github.com/google/orbax: checkpoint metadata and an OCDBT store.
    matches: (files) => files.some((name) => name === "_CHECKPOINT_METADATA" || name === "manifest.ocdbt" || name === "_METADATA"),
    message:
      "an Orbax checkpoint (JAX, Flax), which Longspan does not read. Restore it with orbax.checkpoint and save the parameters with safetensors.flax.save_file",
  },
  {
    // Megatron-LM: latest_checkpointed_iteration.txt, iter_0001000/mp_rank_00/model_optim_rng.pt.
    matches: (files, folders) =>
      files.includes("latest_checkpointed_iteration.txt") || folders.filter((name) => /^mp_rank_\d+(?:_\d+)?$/.test(name)).length > 1,
    message:
      "a Megatron checkpoint, whose weights are cut among tensor-parallel ranks and pipeline stages in ways that the files do not say. Merge it with Megatron's tools/checkpoint/convert.py (target parallel sizes 1) and give the one model_optim_rng.pt",
  },
  {
    // DeepSpeed's universal checkpoints: zero/PARAMETER/fp32.pt, beside the model states that they were made from.
    matches: (files, folders) =>
      files.includes("latest_universal") || (folders.includes("zero") && files.some((name) => name.endsWith("_model_states.pt"))),
    message:
      "a universal checkpoint of DeepSpeed, with a folder for each parameter. Give the checkpoint that it was made from (ds_to_universal.py --input_folder)",
  },
  {
    // TensorFlow: checkpoint, NAME.index, NAME.data-00000-of-00001.
    matches: (files) => files.some((name) => /\.data-\d{5}-of-\d{5}$/.test(name)) && files.some((name) => name.endsWith(".index")),
    message: "a TensorFlow checkpoint. Load it into the model and save it with save_pretrained()",
  },
];

/** Sharded checkpoints that are not read: told what they are and how to consolidate them. */
export function foreignFolder(): FolderKind {
  return {
    name: "foreign",
    async find(files, fileName) {
      if (fileName !== undefined) return undefined;
      const [names, folders] = await Promise.all([files.list?.(), files.listFolders?.()]);
      const found = kinds.find(({ matches }) => matches(names ?? [], folders ?? []));
      if (found === undefined) return undefined;
      throw new LongspanError("unsupported", `${files.name} is ${found.message}.`, { details: { folder: files.name } });
    },
  };
}
