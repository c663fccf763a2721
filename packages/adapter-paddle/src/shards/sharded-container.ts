import type { Claim, Container } from "@longspan/core";
import { type OpenShard, openShards } from "./open-shards.ts";

export interface ShardedContainerOptions {
  /** The container's name. */
  readonly name: string;
  /** The index's usual name. */
  readonly entryName: string;
  /** How the shards' names end: `.pdparams`. */
  readonly extension: string;
  readonly openShard: OpenShard;
  /** Whether a key of a shard holds no tensor; tables of all shards are merged. */
  readonly isTable: (key: string) => boolean;
}

/** Several files of weights and the index `{"weight_map": {tensor: file}}` that tells which tensor lies in which: opened by the index. */
export function shardedContainer({ name, entryName, extension, openShard, isTable }: ShardedContainerOptions): Container {
  return {
    name,
    entryNames: [entryName],
    detect: ({ head }) => detect(head, extension),
    open: (input) => openShards(input, openShard, isTable),
  };
}

/** The first tensor's file tells the format. */
function detect(head: Uint8Array, extension: string): Claim | undefined {
  const text = new TextDecoder("latin1").decode(head);
  if (!/^\s*\{/.test(text)) return undefined;
  const [, firstFile] = /"weight_map"\s*:\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*"([^"\\]*)"/.exec(text) ?? [];
  return firstFile?.endsWith(extension) === true ? { specificity: 80, evidence: `an index of ${extension} shards` } : undefined;
}
