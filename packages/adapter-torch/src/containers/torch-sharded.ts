import type { Container } from "@longspan/core/adapter";
import { shardedContainer } from "@longspan/container-safetensors";
import { torchLegacyContainer } from "./torch-legacy.ts";
import { torchZipContainer } from "./torch-zip.ts";
import type { TorchZipOptions } from "./torch-zip.ts";

/** `pytorch_model.bin.index.json` and the files it names, zip archives or legacy streams: container `torch-sharded`. */
export function torchShardedContainer(options: TorchZipOptions = {}): Container {
  return shardedContainer({
    name: "torch-sharded",
    entryName: "pytorch_model.bin.index.json",
    extensions: [".bin", ".pt", ".pth", ".ckpt"],
    shardContainers: [torchZipContainer(options), torchLegacyContainer()],
  });
}
