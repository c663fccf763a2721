import type { CipherName } from "./encryption-key.ts";
import type { PdfStream } from "./pdf-objects.ts";
import { rc4 } from "./rc4.ts";
import type { Pieces } from "./stream-decoders.ts";

/** Decrypts a stream's bytes as they come; what AES is filled up with at its end stays. */
export type StreamDecryption = (stream: Pick<PdfStream, "number" | "generation">, bytes: Pieces) => Pieces;

/** AES's, in bytes: encrypted data begins with one that is random. */
const blockBytes = 16;

export async function streamDecryption(cipher: Exclude<CipherName, "none">, key: Uint8Array): Promise<StreamDecryption> {
  if (cipher === "aes") {
    const decrypt = await aesDecryption();
    return (_, bytes) => decrypt(key, bytes);
  }
  const { md5 } = await import("@noble/hashes/legacy.js");
  const decrypt = cipher === "rc4" ? rc4Pieces : await aesDecryption();
  // 7.6.3.2, algorithm 1; the last four bytes say AES.
  return ({ number, generation }, bytes) => {
    const salt = [number & 255, (number >> 8) & 255, (number >> 16) & 255, generation & 255, (generation >> 8) & 255];
    const aesSalt = cipher === "rc4" ? [] : [0x73, 0x41, 0x6c, 0x54];
    return decrypt(md5(Uint8Array.of(...key, ...salt, ...aesSalt)).subarray(0, Math.min(16, key.length + 5)), bytes);
  };
}

async function* rc4Pieces(key: Uint8Array, bytes: Pieces): Pieces {
  const decrypt = rc4(key);
  for await (const piece of bytes) yield decrypt(piece);
}

async function aesDecryption(): Promise<(key: Uint8Array, bytes: Pieces) => Pieces> {
  const { cbc } = await import("@noble/ciphers/aes.js");
  return async function* (key, bytes) {
    let previous: Uint8Array | undefined;
    let rest = new Uint8Array();
    for await (const piece of bytes) {
      const all = new Uint8Array(rest.length + piece.length);
      all.set(rest);
      all.set(piece, rest.length);
      const whole = all.length - (all.length % blockBytes);
      rest = all.slice(whole);
      const blocks = all.subarray(previous === undefined ? Math.min(blockBytes, whole) : 0, whole);
      if (whole === 0) continue;
      previous ??= all.slice(0, blockBytes);
      if (blocks.length === 0) continue;
      const decrypted = cbc(key, previous, { disablePadding: true }).decrypt(blocks);
      previous = blocks.slice(-blockBytes);
      yield Uint8Array.from(decrypted);
    }
  };
}
