import type { Claim } from "@longspan/core";

/** An index `{"weight_map": {tensor: file}}` whose first tensor lies in a file of that ending. */
export function detectShardIndex(head: Uint8Array, extension: string): Claim | undefined {
  const text = new TextDecoder("latin1").decode(head);
  if (!text.startsWith("{")) return undefined;
  const [, firstFile] = /"weight_map"\s*:\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*"([^"\\]*)"/.exec(text) ?? [];
  return firstFile?.endsWith(extension) === true ? { specificity: 85, evidence: `an index of ${extension} shards` } : undefined;
}

/** Whether a file is JSON text and not a file of weights, none of which begins so. */
export function looksLikeIndex(head: Uint8Array): boolean {
  return head[0] === "{".charCodeAt(0);
}
