const backslash = 0x5c;
const zero = 0x30;
const nine = 0x39;

/** The character after a backslash and the one it stands for. */
const escapedBytes: ReadonlyMap<number, number> = /*#__PURE__*/ new Map([
  [0x22, 0x22], // \"
  [backslash, backslash],
  [0x2f, 0x2f], // \/
  [0x62, 0x08], // \b
  [0x66, 0x0c], // \f
  [0x6e, 0x0a], // \n
  [0x72, 0x0d], // \r
  [0x74, 0x09], // \t
]);

export interface EscapeFault {
  readonly problem: string;
  /** Index in the text. */
  readonly at: number;
}

/**
 * Replaces the escapes of a JSON string by the UTF-8 bytes they stand for, which are never more. All other bytes stay as they are, valid or not.
 * `\u` escapes of surrogates must come in pairs, as in serde_json.
 */
export function unescapeJson(text: Uint8Array): Uint8Array | EscapeFault {
  const result = new Uint8Array(text.length);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const byte = text[index] ?? 0;
    if (byte !== backslash) {
      result[length++] = byte;
      continue;
    }
    const at = index;
    const kind = text[++index] ?? 0;
    const plain = escapedBytes.get(kind);
    if (plain !== undefined) {
      result[length++] = plain;
      continue;
    }
    if (kind !== 0x75) return { problem: "an unknown escape", at };
    let codePoint = hexadecimal(text, index + 1);
    if (codePoint === undefined) return { problem: "a \\u without four hexadecimal digits", at };
    index += 4;
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) {
      const paired = codePoint < 0xdc00 && text[index + 1] === backslash && text[index + 2] === 0x75;
      const second = paired ? (hexadecimal(text, index + 3) ?? 0) : 0;
      if (second < 0xdc00 || second > 0xdfff) return { problem: "a lone surrogate", at };
      codePoint = 0x10000 + ((codePoint - 0xd800) << 10) + (second - 0xdc00);
      index += 6;
    }
    length = writeUtf8(codePoint, result, length);
  }
  return result.subarray(0, length);
}

function hexadecimal(text: Uint8Array, index: number): number | undefined {
  let value = 0;
  for (let digit = 0; digit < 4; digit++) {
    const byte = text[index + digit] ?? 0;
    const lower = byte | 0x20;
    if (byte >= zero && byte <= nine) value = value * 16 + (byte - zero);
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + (lower - 0x57);
    else return undefined;
  }
  return value;
}

/** Returns the index after the character. */
function writeUtf8(codePoint: number, target: Uint8Array, at: number): number {
  const continuation = (shift: number): number => 0x80 | ((codePoint >> shift) & 0x3f);
  let index = at;
  if (codePoint < 0x80) target[index++] = codePoint;
  else if (codePoint < 0x800) target[index++] = 0xc0 | (codePoint >> 6);
  else {
    if (codePoint < 0x10000) target[index++] = 0xe0 | (codePoint >> 12);
    else {
      target[index++] = 0xf0 | (codePoint >> 18);
      target[index++] = continuation(12);
    }
    target[index++] = continuation(6);
  }
  if (codePoint >= 0x80) target[index++] = continuation(0);
  return index;
}
