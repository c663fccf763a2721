export const metadataModule = "torch.distributed.checkpoint.metadata";

/** Whether the bytes begin as the `.metadata` of torch.distributed.checkpoint: a pickle (protocol 2 or later) of its class Metadata. */
export function beginsAsDistributedMetadata(head: Uint8Array): boolean {
  return head[0] === 0x80 && new TextDecoder("latin1").decode(head.subarray(0, 256)).includes(metadataModule);
}
