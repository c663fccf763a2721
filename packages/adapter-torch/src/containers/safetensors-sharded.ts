import type { Container } from "@longspan/core";
import { safetensorsContainer } from "./safetensors.ts";
import { shardedContainer } from "./sharded.ts";

/** `model.safetensors.index.json` and the files it names: container `safetensors-sharded`. */
export function safetensorsShardedContainer(): Container {
  return shardedContainer({
    name: "safetensors-sharded",
    entryName: "model.safetensors.index.json",
    shardPattern: /\.safetensors"/,
    shardContainers: [safetensorsContainer()],
  });
}
