import type { Container } from "@longspan/core/adapter";
import { beginsAsDistributedMetadata } from "../distributed/begins-as-metadata.ts";
import type { TorchZipOptions } from "./torch-zip.ts";

/**
 * The folders of torch.distributed.checkpoint (FSDP, tensor parallel, Lightning, Accelerate): name `torch-distributed`, read only. Opened by
 * `.metadata`, which says in what blocks every tensor lies, and where in the `.distcp` files; the tree is the state dict as it was saved, its
 * tensors assembled from their blocks. Lightning's `meta.pt` beside joins it.
 */
export function torchDistributedContainer(options: TorchZipOptions = {}): Container {
  return {
    name: "torch-distributed",
    entryNames: [],
    detect: ({ head }) =>
      beginsAsDistributedMetadata(head) ? { specificity: 95, evidence: "a pickle of torch.distributed.checkpoint's Metadata" } : undefined,
    open: async (input) => (await import("./open-torch-distributed.ts")).openTorchDistributed(input, options),
  };
}
