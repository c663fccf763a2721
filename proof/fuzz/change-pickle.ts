// Changes to pickles that leave most of them a pickle: at whole opcodes (Lib/pickletools.py), so that what comes out is often read to its end.
import type { Random } from "./random.ts";

/** What follows an opcode: a number of bytes; lines; a length of 1, 4 or 8 bytes with as many bytes behind it. */
type Argument = { readonly bytes: number } | { readonly lines: number } | { readonly length: 1 | 4 | 8 };

const nothing: Argument = { bytes: 0 };
const groups: readonly (readonly [codes: string, Argument])[] = [
  ["Kqh\u0080\u0082", { bytes: 1 }],
  ["M\u0083", { bytes: 2 }],
  ["Jrj\u0084", { bytes: 4 }],
  ["G\u0095", { bytes: 8 }],
  ["ILFSVgpP", { lines: 1 }],
  ["ci", { lines: 2 }],
  ["UC\u008a\u008c", { length: 1 }],
  ["TXB\u008b", { length: 4 }],
  ["\u008d\u008e\u0096", { length: 8 }],
];
const argumentOf: ReadonlyMap<number, Argument> = new Map(
  groups.flatMap(([codes, argument]) => Array.from(codes, (code) => [code.codePointAt(0) ?? 0, argument] as const)),
);
const frame = 0x95;
const stop = 0x2e;
/** Numbers of 1, 2 and 4 bytes, and texts: sizes, strides, offsets, counts; names. */
const numbers: ReadonlySet<number> = new Set(Array.from("KMJ", (code) => code.codePointAt(0) ?? 0));
const texts: ReadonlySet<number> = new Set(Array.from("XU\u008cc", (code) => code.codePointAt(0) ?? 0));
/** True, false, none, an empty tuple, dict and list: what may stand in each other's places. */
const small = Array.from("\u0088\u0089N)}]", (code) => Uint8Array.of(code.codePointAt(0) ?? 0));
const oddNumbers = [0, 1, 2, 3, 4, 5, 8, 16, 127, 255] as const;

/** The opcodes with their arguments; what lies behind them is the last part. Undefined where it is no pickle. */
function opcodesOf(bytes: Uint8Array): { readonly parts: readonly Uint8Array[]; readonly rest: Uint8Array } | undefined {
  const parts: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  while (position < bytes.length) {
    const code = bytes[position] ?? 0;
    const argument = argumentOf.get(code) ?? nothing;
    let end = position + 1;
    if ("bytes" in argument) end += argument.bytes;
    else if ("lines" in argument) {
      for (let line = 0; line < argument.lines; line++) {
        end = bytes.indexOf(10, end) + 1;
        if (end === 0) return undefined;
      }
    } else {
      if (end + argument.length > bytes.length) return undefined;
      const length = argument.length === 1 ? view.getUint8(end) : view.getUint32(end, true);
      end += argument.length + length;
    }
    if (end > bytes.length) return undefined;
    // A frame's length would be wrong after any change, and no reader needs it.
    if (code !== frame) parts.push(bytes.subarray(position, end));
    position = end;
    if (code === stop) return { parts, rest: bytes.subarray(position) };
  }
  return undefined;
}

/** A copy with some opcodes changed; the bytes themselves where they are no pickle of protocol 2 or later. */
export function changedPickle(bytes: Uint8Array, random: Random): Uint8Array {
  const read = bytes[0] === 0x80 ? opcodesOf(bytes) : undefined;
  if (read === undefined || read.parts.length < 4) return bytes;
  const parts = [...read.parts];
  const pick = (codes: ReadonlySet<number>): number => {
    const found = parts.flatMap((part, at) => (codes.has(part[0] ?? 0) ? [at] : []));
    return found.length === 0 ? 1 : random.of(found);
  };
  for (let times = random.chance(0.7) ? 1 : 1 + random.below(4); times > 0; times--) {
    // The first says which protocol it is, the last ends it.
    const at = 1 + random.below(Math.max(1, parts.length - 2));
    const part = parts[at] ?? small[0] ?? new Uint8Array(1);
    const kind = random.below(10);
    if (kind < 3) {
      const number = pick(numbers);
      const changed = parts[number]?.slice() ?? part;
      changed[1] = random.chance(0.5) ? random.of(oddNumbers) : (changed[1] ?? 0) + random.below(5) - 2;
      parts[number] = changed;
    } else if (kind < 5) {
      const [one, other] = [pick(texts), pick(texts)];
      parts[one] = parts[other] ?? part;
    } else if (kind === 5) parts.splice(at, 1);
    else if (kind === 6) parts.splice(at, 0, part);
    else if (kind === 7) parts.splice(at, 0, random.of(parts));
    else if (kind === 8) parts[at] = random.of(parts);
    else parts[at] = random.of(small);
  }
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, read.rest.length));
  let position = 0;
  for (const part of [...parts, read.rest]) {
    out.set(part, position);
    position += part.length;
  }
  return out;
}
