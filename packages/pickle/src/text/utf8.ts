// Python pickles text as UTF-8 with the error handler "surrogatepass" (Lib/pickle.py): a lone surrogate, which strict
// UTF-8 forbids, is encoded as the three bytes of any code point of its size.
//
// A JavaScript string cannot tell two lone surrogates that happen to form a pair from the character they encode; Python
// can. Such a string reads as that character.

const strictDecoder = /*#__PURE__*/ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = /*#__PURE__*/ new TextEncoder();

// Below this length a loop over ASCII is quicker than a call of TextDecoder or TextEncoder.
const shortText = 24;

/** Decodes Python's UTF-8, or returns undefined where it is malformed. */
export function decodeUtf8(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string | undefined {
  if (end - start <= shortText) {
    let text = "";
    let index = start;
    for (; index < end; index++) {
      const byte = bytes[index] as number;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (index === end) return text;
  }
  const range = bytes.subarray(start, end);
  try {
    return strictDecoder.decode(range);
  } catch {
    return decodeWithSurrogates(range);
  }
}

/** Splits at encoded surrogates (ED A0..BF xx), which strict decoding refuses, and decodes the rest strictly. */
function decodeWithSurrogates(bytes: Uint8Array): string | undefined {
  const parts: string[] = [];
  let start = 0;
  try {
    for (let index = 0; index + 2 < bytes.length;) {
      const second = bytes[index + 1] as number;
      const third = bytes[index + 2] as number;
      if (bytes[index] !== 0xed || second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) {
        index++;
        continue;
      }
      parts.push(strictDecoder.decode(bytes.subarray(start, index)));
      parts.push(String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)));
      index += 3;
      start = index;
    }
    parts.push(strictDecoder.decode(bytes.subarray(start)));
  } catch {
    return undefined;
  }
  return parts.join("");
}

/** Encodes text as Python would, lone surrogates included. */
export function encodeUtf8(text: string): Uint8Array {
  if (text.length <= shortText) {
    const bytes = new Uint8Array(text.length);
    let index = 0;
    for (; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) break;
      bytes[index] = code;
    }
    if (index === text.length) return bytes;
  }
  if (text.isWellFormed()) return encoder.encode(text);
  const parts: Uint8Array[] = [];
  // A lone surrogate matches alone under the u flag, a pair does not.
  for (const part of text.split(/(\p{Surrogate})/u)) {
    if (part.length === 1 && !part.isWellFormed()) {
      const code = part.charCodeAt(0);
      parts.push(Uint8Array.of(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)));
    } else {
      parts.push(encoder.encode(part));
    }
  }
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
