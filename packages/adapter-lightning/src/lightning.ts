import {
  peftDerivation,
  torchDistributedContainer,
  torchFolderKinds,
  torchLegacyContainer,
  torchZipContainer,
} from "@longspan/adapter-torch";
import type { FormatAdapter } from "@longspan/core";
import { standardDerivations } from "@longspan/core/adapter";
import { lightningEnvelope } from "./envelope/lightning-envelope.ts";
import { lightningRunFolder } from "./folders/lightning-run.ts";
import { lightningLayout } from "./layout/lightning-layout.ts";
import { checkpointFileName, lightningTarget } from "./target/lightning-target.ts";

/**
 * PyTorch Lightning checkpoints, 0.6 to 2.6: reads every generation (envelope `lightning`), writes one that
 * `load_from_checkpoint` takes (target `lightning`). A `.ckpt` is a file of `torch.save`, so torch's containers come along:
 * this adapter alone opens one, and beside `torch()` nothing changes. The folders that its sharded strategies (DeepSpeed, FSDP) write are read as well.
 */
export function lightning(): FormatAdapter {
  const layout = lightningLayout();
  return {
    specificationVersion: 1,
    name: "lightning",
    containers: [
      ...[torchZipContainer(), torchLegacyContainer()].map((container) => ({
        ...container,
        entryNames: [...container.entryNames, checkpointFileName],
      })),
      torchDistributedContainer(),
    ],
    envelopes: [lightningEnvelope()],
    folderKinds: [lightningRunFolder(), ...torchFolderKinds()],
    derivations: [peftDerivation(), ...standardDerivations()],
    layouts: [layout],
    targets: [lightningTarget(layout)],
  };
}
