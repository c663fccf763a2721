import { createCipheriv, createHash } from "node:crypto";
import { expect, test } from "vitest";
import { rc4 } from "./rc4.ts";
import { streamDecryption } from "./stream-decryption.ts";
import type { Pieces } from "./stream-decoders.ts";

const words = Buffer.from("The mooring is paid until 30 June. ".repeat(10));
const iv = Buffer.from("0123456789abcdef");

async function* pieces(bytes: Uint8Array, length: number): Pieces {
  for (let at = 0; at < bytes.length; at += length) yield Uint8Array.from(bytes.subarray(at, at + length));
}

async function collected(source: Pieces): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const piece of source) found.push(piece);
  return Buffer.concat(found);
}

test("RC4: the vectors that are commonly cited, in one piece and byte by byte", () => {
  for (const [key, plain, cipher] of [
    ["Key", "Plaintext", "bbf316e8d940af0ad3"],
    ["Wiki", "pedia", "1021bf0420"],
    ["Secret", "Attack at dawn", "45a01f645fc35b383552544b9bf5"],
  ] as const) {
    expect(Buffer.from(rc4(Buffer.from(key))(Buffer.from(plain))).toString("hex")).toBe(cipher);
    const decrypt = rc4(Buffer.from(key));
    expect(Buffer.concat([...Buffer.from(cipher, "hex")].map((byte) => decrypt(Uint8Array.of(byte)))).toString()).toBe(plain);
  }
});

test.each([1, 15, 16, 17, 64, 1000])(
  "AES as OpenSSL has it, in pieces of %i bytes: with the file's key, and with an object's",
  async (length) => {
    const encrypted = (algorithm: string, key: Uint8Array): Uint8Array => {
      const cipher = createCipheriv(algorithm, key, iv);
      return Buffer.concat([iv, cipher.update(words), cipher.final()]);
    };
    const object = { number: 0x01_02_03, generation: 0x05_04 };
    const fileKey = Buffer.alloc(32, 7);
    const whole = await streamDecryption("aes", fileKey);
    expect((await collected(whole(object, pieces(encrypted("aes-256-cbc", fileKey), length)))).subarray(0, words.length)).toEqual(words);
    const key = Buffer.alloc(16, 9);
    const ofObject = createHash("md5")
      .update(key)
      .update(Buffer.of(3, 2, 1, 4, 5))
      .update("sAlT")
      .digest();
    const each = await streamDecryption("aes-of-object", key);
    expect((await collected(each(object, pieces(encrypted("aes-128-cbc", ofObject), length)))).subarray(0, words.length)).toEqual(words);
  },
);
