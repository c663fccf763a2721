import type { FormatAdapter } from "@longspan/core";
import { checkOptions, type OptionNames, standardDerivations } from "@longspan/core/adapter";
import { safetensorsContainer, safetensorsShardedContainer } from "@longspan/container-safetensors";
import { torchDistributedContainer } from "./containers/torch-distributed.ts";
import { torchExportContainer } from "./containers/torch-export.ts";
import { torchLegacyContainer } from "./containers/torch-legacy.ts";
import { torchShardedContainer } from "./containers/torch-sharded.ts";
import { torchTarContainer } from "./containers/torch-tar.ts";
import { torchZipContainer } from "./containers/torch-zip.ts";
import type { TorchZipOptions } from "./containers/torch-zip.ts";
import { peftDerivation } from "./derivations/peft/peft-derivation.ts";
import { moduleEnvelope } from "./envelopes/module.ts";
import { nestedStateDictEnvelope } from "./envelopes/nested-state-dict.ts";
import { stateDictEnvelope } from "./envelopes/state-dict.ts";
import { torchscriptEnvelope } from "./envelopes/torchscript.ts";
import { torchFolderKinds } from "./folders/torch-folder-kinds.ts";
import { allenaiLayout } from "./layouts/allenai.ts";
import { huggingFaceLayout } from "./layouts/hf.ts";
import { huggingFaceTarget } from "./targets/hf.ts";
import { torchLegacyTarget, torchTarget } from "./targets/torch.ts";

/** What `torch` takes. */
export type TorchOptions = TorchZipOptions;

/**
 * PyTorch's and Hugging Face's checkpoints: the files of `torch.save` of every age, safetensors, whole or in shards; a state
 * dict by itself, under a key, or inside a pickled or TorchScript module; programs of torch.export; folders of several processes; Hugging Face's names and those of the original code.
 * @throws LongspanError `argument-invalid` for options that there are not.
 */
export function torch(options: TorchOptions = {}): FormatAdapter {
  checkOptions(options, { verifyChecksums: true } satisfies OptionNames<TorchOptions>, "torch");
  const layout = huggingFaceLayout();
  return {
    specificationVersion: 1,
    name: "torch",
    // A folder's weights are looked for in this order: transformers, too, prefers safetensors.
    containers: [
      safetensorsContainer(),
      safetensorsShardedContainer(),
      torchZipContainer(options),
      torchLegacyContainer(),
      torchShardedContainer(options),
      torchTarContainer(),
      torchDistributedContainer(options),
      torchExportContainer(options),
    ],
    envelopes: [stateDictEnvelope(), nestedStateDictEnvelope(), moduleEnvelope(), torchscriptEnvelope()],
    folderKinds: torchFolderKinds(options),
    derivations: [peftDerivation(), ...standardDerivations()],
    layouts: [layout, allenaiLayout()],
    targets: [huggingFaceTarget(layout), torchTarget(layout), torchLegacyTarget(layout)],
  };
}
