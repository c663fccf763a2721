import type { Container } from "@longspan/core/adapter";
import { safetensorsContainer } from "./safetensors-container.ts";
import { shardedContainer } from "./sharded-container.ts";

/** `model.safetensors.index.json` and the files it names: name `safetensors-sharded`. */
export function safetensorsShardedContainer(): Container {
  return shardedContainer({
    name: "safetensors-sharded",
    entryName: "model.safetensors.index.json",
    extensions: [".safetensors"],
    shardContainers: [safetensorsContainer()],
  });
}
