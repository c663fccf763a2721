// The textual arguments of protocol 0 (pickletools.py: decimalnl_short, decimalnl_long, floatnl, stringnl,
// unicodestringnl). Each function returns undefined for malformed text.

import { narrowInteger } from "../integers.ts";
import { latin1Text } from "./latin1.ts";

const decimal = /^[+-]?(?:0|[1-9][0-9]*)$/;
const float = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** `-12`, as INT and LONG carry it, with LONG's final `L` already gone. */
export function parseDecimal(text: string): number | bigint | undefined {
  if (!decimal.test(text)) return undefined;
  return narrowInteger(BigInt(text.startsWith("+") ? text.slice(1) : text));
}

/** `1.5`, `-inf`, `nan`, as FLOAT carries Python's `repr`. */
export function parseFloatText(text: string): number | undefined {
  if (float.test(text)) return Number(text);
  switch (text.toLowerCase()) {
    case "nan":
    case "+nan":
    case "-nan":
      return Number.NaN;
    case "inf":
    case "+inf":
    case "infinity":
      return Number.POSITIVE_INFINITY;
    case "-inf":
    case "-infinity":
      return Number.NEGATIVE_INFINITY;
    default:
      return undefined;
  }
}

const simpleEscapes: ReadonlyMap<number, number> = /*#__PURE__*/ new Map(
  Object.entries({ "\\": 92, "'": 39, '"': 34, a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }).map(([letter, byte]) => [
    letter.charCodeAt(0),
    byte,
  ]),
);

/** The bytes of a quoted Python-2 string literal, as STRING carries it: escapes of Python's "string escape" codec. */
export function parseQuotedBytes(line: Uint8Array): Uint8Array | undefined {
  const quote = line[0];
  if (line.length < 2 || (quote !== 39 && quote !== 34) || line.at(-1) !== quote) return undefined;
  const bytes = new Uint8Array(line.length - 2);
  const end = line.length - 1;
  let length = 0;
  let index = 1;
  while (index < end) {
    const byte = line[index++] as number;
    if (byte !== 92) {
      bytes[length++] = byte;
      continue;
    }
    if (index === end) return undefined;
    const letter = line[index++] as number;
    const simple = simpleEscapes.get(letter);
    if (simple !== undefined) {
      bytes[length++] = simple;
    } else if (letter === 120) {
      const value = index + 2 <= end ? hexadecimal(line, index, 2) : undefined;
      if (value === undefined) return undefined;
      bytes[length++] = value;
      index += 2;
    } else if (isOctal(letter)) {
      let value = letter - 48;
      for (let digits = 1; digits < 3 && index < end && isOctal(line[index] as number); digits++) {
        value = value * 8 + (line[index++] as number) - 48;
      }
      bytes[length++] = value & 0xff;
    } else {
      bytes[length++] = 92;
      bytes[length++] = letter;
    }
  }
  return bytes.slice(0, length);
}

/** The text of a UNICODE line: Python's "raw-unicode-escape", Latin-1 with `\uXXXX` and `\UXXXXXXXX`. */
export function parseRawUnicodeEscape(line: Uint8Array): string | undefined {
  const parts: string[] = [];
  let index = 0;
  for (let backslash = line.indexOf(92); backslash !== -1; backslash = line.indexOf(92, index)) {
    parts.push(latin1Text(line.subarray(index, backslash)));
    const letter = line[backslash + 1];
    const digits = letter === 117 ? 4 : letter === 85 ? 8 : 0;
    if (digits === 0) {
      // Any other escape stands for itself, and so does a backslash behind it.
      index = Math.min(backslash + 2, line.length);
      parts.push(latin1Text(line.subarray(backslash, index)));
      continue;
    }
    index = backslash + 2 + digits;
    const value = index <= line.length ? hexadecimal(line, backslash + 2, digits) : undefined;
    if (value === undefined || value > 0x10ffff) return undefined;
    parts.push(String.fromCodePoint(value));
  }
  parts.push(latin1Text(line.subarray(index)));
  return parts.join("");
}

function isOctal(byte: number): boolean {
  return byte >= 48 && byte <= 55;
}

function hexadecimal(line: Uint8Array, start: number, digits: number): number | undefined {
  let value = 0;
  for (let index = start; index < start + digits; index++) {
    const digit = Number.parseInt(String.fromCharCode(line[index] as number), 16);
    if (Number.isNaN(digit)) return undefined;
    value = value * 16 + digit;
  }
  return value;
}
