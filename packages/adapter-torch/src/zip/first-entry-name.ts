import { recordBytes, signatures } from "./zip-format.ts";

/** The name in the local header with which the bytes begin, if they do. */
export function firstEntryName(head: Uint8Array): string | undefined {
  if (head.length < recordBytes.localHeader) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, true) !== signatures.localHeader) return undefined;
  return new TextDecoder().decode(head.subarray(recordBytes.localHeader, recordBytes.localHeader + view.getUint16(26, true)));
}
