import type { Container } from "@longspan/core/adapter";

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
