import { LongspanError } from "@longspan/core";
import { isName, isReference, isString, type PdfDictionary, type PdfObjects, type PdfString, type PdfValue } from "./pdf-objects.ts";
import { emptyPasswordKey, type CipherName, type SecuritySettings } from "./encryption-key.ts";
import { streamDecryption, type StreamDecryption } from "./stream-decryption.ts";

/**
 * How the streams of an encrypted file are decrypted that opens without a password: one that only its owner's password protects from being changed or printed
 * (ISO 32000-2, 7.6).
 * @returns undefined for a file that is not encrypted, or whose streams are not
 * @throws LongspanError `unsupported` for one that asks for a password, or does not say plainly how it is encrypted.
 */
export async function pdfDecryption(objects: PdfObjects, name: string): Promise<StreamDecryption | undefined> {
  const trailers = [...objects.trailers()];
  const said = trailers.filter((trailer) => trailer.has("Encrypt"));
  if (said.length === 0) return undefined;
  const meanings = said.flatMap((trailer) => {
    const value = trailer.get("Encrypt");
    const found = isReference(value) ? objects.meanings(value) : [value];
    return found.length === 0 ? [undefined] : found;
  });
  const [dictionary] = meanings;
  // Several states of a file repeat it; of two that differ, nobody knows here which one a reader takes.
  if (!(dictionary instanceof Map) || new Set(meanings.map(inWords)).size !== 1) throw encryptedRefusal(name);
  const identifiers = trailers.map((trailer) => firstString(plain(trailer.get("ID"), objects))?.bytes ?? new Uint8Array());
  const settings = settingsOf(dictionary, objects);
  if (settings === undefined) throw encryptedRefusal(name);
  if (settings.cipher === "none") return undefined;
  const key = await emptyPasswordKey(settings, [new Uint8Array(), ...identifiers]);
  if (key === undefined) throw encryptedRefusal(name);
  return streamDecryption(settings.cipher, key);
}

export function encryptedRefusal(name: string, cause?: unknown): LongspanError {
  return new LongspanError("unsupported", `${name} is encrypted. Save it without a password, and give that.`, {
    cause,
    details: { name, encrypted: true },
  });
}

function settingsOf(dictionary: PdfDictionary, objects: PdfObjects): SecuritySettings | undefined {
  const get = (key: string): PdfValue => plain(dictionary.get(key), objects);
  const [filter, version, revision, permissions] = [get("Filter"), get("V"), get("R"), get("P")];
  if (!isName(filter) || filter.name !== "Standard") return undefined;
  if (typeof version !== "number" || typeof revision !== "number" || typeof permissions !== "number") return undefined;
  const cipher = cipherOf(version, get("StmF"), get("CF"), objects);
  const [owner, user, userKey] = [get("O"), get("U"), get("UE")];
  if (cipher === undefined || !isString(owner) || !isString(user)) return undefined;
  const bits = get("Length");
  return {
    revision,
    cipher,
    permissions,
    owner: owner.bytes,
    user: user.bytes,
    userKey: isString(userKey) ? userKey.bytes : new Uint8Array(),
    // Programs leave it out, and some say bytes.
    keyBytes: [...new Set([5, 16, ...(typeof bits === "number" ? [bits >> 3, bits] : [])])].filter((count) => count >= 5 && count <= 16),
  };
}

/** Table 20 (V), and of crypt filters table 25 (CFM). */
function cipherOf(version: number, streamFilter: PdfValue, filters: PdfValue, objects: PdfObjects): CipherName | undefined {
  if (version === 1 || version === 2 || version === 3) return "rc4";
  if (version !== 4 && version !== 5) return undefined;
  if (!isName(streamFilter) || streamFilter.name === "Identity") return "none";
  const filter = filters instanceof Map ? plain(filters.get(streamFilter.name) as PdfValue, objects) : undefined;
  const method = filter instanceof Map ? plain(filter.get("CFM") as PdfValue, objects) : undefined;
  return isName(method) ? ciphers.get(method.name) : undefined;
}

const ciphers: ReadonlyMap<string, CipherName> = /*#__PURE__*/ new Map([
  ["None", "none"],
  ["V2", "rc4"],
  ["AESV2", "aes-of-object"],
  ["AESV3", "aes"],
]);

/** A value itself, where a reference says where it stands. */
function plain(value: PdfValue, objects: PdfObjects): PdfValue {
  if (!isReference(value)) return value;
  const meanings = objects.meanings(value);
  return new Set(meanings.map(inWords)).size === 1 ? meanings[0] : undefined;
}

function firstString(value: PdfValue): PdfString | undefined {
  const first: PdfValue = Array.isArray(value) ? (value[0] as PdfValue) : undefined;
  return isString(first) ? first : undefined;
}

function inWords(value: PdfValue): string {
  return JSON.stringify(value, (_, one: unknown) => (one instanceof Map ? [...one].toSorted(([a], [b]) => (a < b ? -1 : 1)) : one)) ?? "";
}
