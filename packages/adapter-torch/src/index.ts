export { torch } from "./torch.ts";
export type { TorchOptions } from "./torch.ts";

export { safetensorsContainer, safetensorsShardedContainer } from "@longspan/container-safetensors";
export { torchDistributedSafetensorsContainer } from "./containers/torch-distributed-safetensors.ts";
export { torchExportContainer } from "./containers/torch-export.ts";
export { torchLegacyContainer } from "./containers/torch-legacy.ts";
export { torchShardedContainer } from "./containers/torch-sharded.ts";
export { torchTarContainer } from "./containers/torch-tar.ts";
export { torchZipContainer } from "./containers/torch-zip.ts";
export type { TorchZipOptions } from "./containers/torch-zip.ts";

export { deepspeedContainer } from "./containers/deepspeed.ts";
export { torchDistributedContainer } from "./containers/torch-distributed.ts";
export { torchFolderKinds } from "./folders/torch-folder-kinds.ts";

export { collectTensors } from "./envelopes/collect-tensors.ts";
export type { CollectedTensors } from "./envelopes/collect-tensors.ts";

export { peftDerivation } from "./derivations/peft/peft-derivation.ts";

export { allenaiLayout } from "./layouts/allenai.ts";
export { huggingFaceLayout } from "./layouts/hf.ts";
