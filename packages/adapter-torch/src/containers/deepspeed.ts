import type { Container } from "@longspan/core/adapter";
import type { TorchZipOptions } from "./torch-zip.ts";

/**
 * The folders of DeepSpeed's ZeRO: name `deepspeed`, read only, opened by the model states of rank 0, which a kind of folder points to (their
 * bytes are those of any file of torch.save). The tree is that of the model states, with the float32 master weights, put together from the
 * optimizer's shards, as the state dict under `module`.
 *
 * Where ZeRO 1 or 2 leaves no usable shards, the model file's own weights are taken, in the type they were computed in, and a warning says so.
 */
export function deepspeedContainer(options: TorchZipOptions = {}): Container {
  return {
    name: "deepspeed",
    entryNames: [],
    detect: () => undefined,
    open: async (input) => (await import("./open-deepspeed.ts")).openDeepspeed(input, options),
  };
}
