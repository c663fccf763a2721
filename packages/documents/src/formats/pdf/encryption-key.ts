import { rc4 } from "./rc4.ts";

/** How streams are encrypted: not at all, with a key for each object, or with the file's. */
export type CipherName = "none" | "rc4" | "aes-of-object" | "aes";

/** What an encryption dictionary says (ISO 32000-2, tables 20 and 21). */
export interface SecuritySettings {
  readonly revision: number;
  readonly cipher: CipherName;
  /** P */
  readonly permissions: number;
  /** O */
  readonly owner: Uint8Array;
  /** U: by it a password proves to be right. */
  readonly user: Uint8Array;
  /** UE */
  readonly userKey: Uint8Array;
  /** How long the key may be. */
  readonly keyBytes: readonly number[];
}

/** What a password is filled up with: the empty one is all of it (7.6.4.3.2, step a). */
const padding = /*#__PURE__*/ new Uint8Array([
  0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08, 0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e,
  0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
]);

/**
 * The key of a file that the empty user password opens.
 * @param identifiers first halves of the file's identifiers, one of which is right
 * @returns undefined where none opens it: it asks for a password.
 */
export async function emptyPasswordKey(settings: SecuritySettings, identifiers: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
  const { revision, keyBytes } = settings;
  if (revision >= 5) return keyByValidation(settings);
  if (revision < 2 || settings.owner.length < 32) return undefined;
  const { md5 } = await import("@noble/hashes/legacy.js");
  for (const identifier of identifiers)
    for (const count of revision === 2 ? [5] : keyBytes)
      for (const isMetadataPlain of revision === 4 ? [false, true] : [false]) {
        const key = keyByDigest(settings, { identifier, count, isMetadataPlain, md5 });
        if (isSame(userEntry(key, { revision, identifier, md5 }), settings.user)) return key;
      }
  return undefined;
}

type Digest = (bytes: Uint8Array) => Uint8Array;

interface DigestOptions {
  readonly identifier: Uint8Array;
  readonly count: number;
  /** Whether the file's metadata is not encrypted, which changes the key. */
  readonly isMetadataPlain: boolean;
  readonly md5: Digest;
}

/** Algorithm 2. */
function keyByDigest(
  { revision, owner, permissions }: SecuritySettings,
  { identifier, count, isMetadataPlain, md5 }: DigestOptions,
): Uint8Array {
  const bits = new Uint8Array(4);
  new DataView(bits.buffer).setInt32(0, permissions | 0, true);
  let digest = md5(joined(padding, owner.subarray(0, 32), bits, identifier, new Uint8Array(isMetadataPlain ? 4 : 0).fill(0xff)));
  if (revision >= 3) for (let round = 0; round < 50; round++) digest = md5(digest.subarray(0, count));
  return digest.slice(0, count);
}

/** Algorithms 4 and 5: what U begins with when the key is right. */
function userEntry(
  key: Uint8Array,
  { revision, identifier, md5 }: Pick<DigestOptions, "identifier" | "md5"> & { revision: number },
): Uint8Array {
  if (revision === 2) return rc4(key)(padding);
  let entry = md5(joined(padding, identifier));
  for (let round = 0; round < 20; round++) entry = rc4(key.map((byte) => byte ^ round))(entry);
  return entry;
}

/** Algorithm 2.A: the key lies encrypted in UE; U is a hash, eight bytes that it is made with, and eight that the key's key is made with. */
async function keyByValidation({ revision, user, userKey }: SecuritySettings): Promise<Uint8Array | undefined> {
  if (user.length < 48 || userKey.length < 32 || revision > 6) return undefined;
  const hash = revision === 5 ? await simpleHash() : await hardenedHash();
  if (!isSame(hash(user.subarray(32, 40)), user)) return undefined;
  const { cbc } = await import("@noble/ciphers/aes.js");
  return cbc(hash(user.subarray(40, 48)), new Uint8Array(16), { disablePadding: true }).decrypt(userKey.slice(0, 32));
}

async function simpleHash(): Promise<Digest> {
  const { sha256 } = await import("@noble/hashes/sha2.js");
  return (salt) => sha256(salt);
}

/** Algorithm 2.B, of the empty password. */
async function hardenedHash(): Promise<Digest> {
  const { sha256, sha384, sha512 } = await import("@noble/hashes/sha2.js");
  const { cbc } = await import("@noble/ciphers/aes.js");
  return (salt) => {
    let key = sha256(salt);
    for (let [round, last] = [0, 0]; round < 64 || last > round - 32; round++) {
      const repeated = joined(...Array.from({ length: 64 }, () => key));
      const encrypted = cbc(key.subarray(0, 16), key.subarray(16, 32), { disablePadding: true }).encrypt(repeated);
      // Sixteen bytes as a number, modulo three: 256 is one more than a multiple.
      const remainder = encrypted.subarray(0, 16).reduce((sum, byte) => sum + byte, 0) % 3;
      key = [sha256, sha384, sha512][remainder]?.(encrypted) ?? key;
      last = encrypted.at(-1) ?? 0;
    }
    return key.slice(0, 32);
  };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether `user` begins with it. */
function isSame(entry: Uint8Array, user: Uint8Array): boolean {
  return user.length >= entry.length && entry.every((byte, index) => byte === user[index]);
}
