import type { Container } from "@longspan/core/adapter";

/** torch/distributed/checkpoint/_hf_utils.py, `_gen_file_name`: the rank, then the file of the model that the tensors belong to. */
export const safetensorsShardPattern: RegExp = /^shard-\d{5}-model-\d{5}-of-\d{5}\.safetensors$/;

/**
 * Folders of safetensors that several processes wrote with torch.distributed.checkpoint's HuggingFaceStorageWriter: name
 * `torch-distributed-safetensors`, read only, opened by any of the files. Every file says of its tensors which block they are.
 */
export function torchDistributedSafetensorsContainer(): Container {
  return {
    name: "torch-distributed-safetensors",
    entryNames: [],
    detect: () => undefined,
    open: async (input) => (await import("./open-torch-distributed-safetensors.ts")).openTorchDistributedSafetensors(input),
  };
}
