// Changes to bytes. Formats of JSON are changed as values too, pickles at their opcodes, those of bytes at their integers and by the words of their kind, so that what comes
// out is often almost right.
import { changedPickle } from "./change-pickle.ts";
import type { Random } from "./random.ts";

/** Values at which readers go wrong, of 1, 2, 4 and 8 bytes. */
const edges = [
  0n,
  1n,
  2n,
  127n,
  128n,
  255n,
  256n,
  32767n,
  65535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

const words = [
  "__proto__",
  "constructor",
  "toString",
  "../../../../etc/passwd",
  "https://example.invalid/x",
  "\u0000",
  "\u001b[2J",
  "\u202e",
  "\ud800",
  "longformer.encoder.layer.0.attention.self.query.weight",
  "data_offsets",
  "__metadata__",
  "state_dict",
  "pytorch-lightning_version",
  "StructuredToParameterName@@",
  "UnpackBigParamInfor@@",
  "ctorch._utils\n_rebuild_tensor_v2\n",
  "cnumpy.core.multiarray\n_reconstruct\n",
  "cposix\nsystem\n",
  "PK\u0003\u0004",
  "PK\u0001\u0002",
  "PK\u0005\u0006",
  "}(",
  "](",
  "\u0085R",
  "QK\u0000",
  "h\u0000",
  "{i}",
  "{p:a|b}",
  "F32",
  "BF16",
  "I64",
] as const;

const encoder = new TextEncoder();
const encodedWords = words.map((word) => encoder.encode(word));

type Change = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[], longest: number) => Uint8Array;

function spliced(bytes: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  const out = new Uint8Array(from + piece.length + bytes.length - to);
  out.set(bytes.subarray(0, from));
  out.set(piece, from);
  out.set(bytes.subarray(to), from + piece.length);
  return out;
}

function place(bytes: Uint8Array, random: Random): number {
  // Headers and ends are where formats are; the middle is mostly values.
  const kind = random.below(4);
  if (kind === 0) return random.below(Math.min(bytes.length, 256) + 1);
  if (kind === 1) return bytes.length - random.below(Math.min(bytes.length, 256) + 1);
  return random.below(bytes.length + 1);
}

function range(bytes: Uint8Array, random: Random): readonly [from: number, to: number] {
  const from = place(bytes, random);
  const most = random.chance(0.8) ? 32 : bytes.length;
  return [from, Math.min(bytes.length, from + random.below(most + 1))];
}

function integer(random: Random, width: number): Uint8Array {
  const value = (random.chance(0.5) ? random.of(edges) : BigInt(random.below(1000))) + BigInt(random.below(3) - 1);
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  const little = out.subarray(0, width);
  return random.chance(0.15) ? little.toReversed() : little;
}

function overwritten(bytes: Uint8Array, at: number, piece: Uint8Array): Uint8Array {
  const out = bytes.slice();
  out.set(piece.subarray(0, Math.max(0, out.length - at)), Math.min(at, out.length));
  return out;
}

const ofBytes: readonly Change[] = [
  // One bit, one byte.
  (bytes, random) => overwritten(bytes, place(bytes, random), Uint8Array.of(random.below(256))),
  (bytes, random) => {
    const at = Math.min(place(bytes, random), Math.max(0, bytes.length - 1));
    return overwritten(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
  },
  (bytes, random) => {
    const at = Math.min(place(bytes, random), Math.max(0, bytes.length - 1));
    return overwritten(bytes, at, Uint8Array.of((bytes[at] ?? 0) + random.below(9) - 4));
  },
  // An integer.
  (bytes, random) => overwritten(bytes, place(bytes, random), integer(random, random.of([1, 2, 4, 8]))),
  // Cut out, cut off, doubled, moved.
  (bytes, random) => spliced(bytes, ...range(bytes, random), new Uint8Array(0)),
  (bytes, random) => bytes.slice(0, place(bytes, random)),
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return spliced(bytes, to, to, bytes.slice(from, to));
  },
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return overwritten(bytes, place(bytes, random), bytes.slice(from, to));
  },
  // A word, or a part of another file.
  (bytes, random) => {
    const at = place(bytes, random);
    return spliced(bytes, at, at, random.of(encodedWords));
  },
  (bytes, random) => overwritten(bytes, place(bytes, random), random.of(encodedWords)),
  (bytes, random, others) => {
    const other = random.of(others);
    const [from, to] = range(other, random);
    const at = place(bytes, random);
    return spliced(bytes, at, random.chance(0.5) ? at : Math.min(bytes.length, at + to - from), other.slice(from, to));
  },
  (bytes, random, others) => {
    const other = random.of(others);
    return spliced(bytes, place(bytes, random), bytes.length, other.slice(place(other, random)));
  },
  // Many times.
  (bytes, random, _, longest) => {
    const [from, to] = range(bytes, random);
    const piece = bytes.slice(from, to);
    const times = Math.min(random.below(64), Math.floor((longest - bytes.length) / Math.max(1, piece.length)));
    let out = bytes;
    for (let time = 0; time < times; time++) out = spliced(out, to, to, piece);
    return out;
  },
];

const oddValues = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  1e30,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  "",
  "0",
  "\u0000\u001b[31m",
  "\u202eabc",
  "\ud800",
  "x".repeat(300),
  [],
  {},
  [[]],
  [[], {}, null],
  { type: "BPE" },
] as const;

/** One place of a JSON document changed. */
function changedJson(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.chance(0.12)) return oddValue(value, random);
  if (Array.isArray(value)) {
    const items: unknown[] = [...value];
    const at = random.below(items.length + 1);
    const kind = random.below(6);
    if (kind === 0) items.splice(at, 1);
    else if (kind === 1) items.splice(at, 0, random.of(oddValues));
    else if (kind === 2 && items.length > 0) items.splice(at, 0, random.of(items));
    else if (items.length > 0) {
      const index = Math.min(at, items.length - 1);
      items[index] = changedJson(items[index], random);
    }
    return items;
  }
  const entries: [string, unknown][] = Object.entries(value);
  const at = random.below(entries.length + 1);
  const entry = entries[Math.min(at, entries.length - 1)];
  const kind = random.below(7);
  if (entry === undefined || kind === 0) entries.splice(at, 0, [random.of(words), random.of(oddValues)]);
  else if (kind === 1) entries.splice(at, 1);
  else if (kind === 2) entry[0] = random.chance(0.5) ? random.of(words) : `${entry[0]}${random.of(["", " ", "s", "\u0000"])}`;
  else entry[1] = changedJson(entry[1], random);
  return Object.fromEntries(entries);
}

function oddValue(value: unknown, random: Random): unknown {
  if (typeof value === "number" && random.chance(0.5)) return value * random.of([-1, 2, 0.5, 1e9]) + random.of([0, 1, -1]);
  if (typeof value === "string" && random.chance(0.5)) return value.slice(random.below(value.length + 1)) + random.of(words);
  return random.of(oddValues);
}

function ofJson(bytes: Uint8Array, random: Random): Uint8Array {
  try {
    let value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    for (let times = 1 + random.below(3); times > 0; times--) value = changedJson(value, random);
    return encoder.encode(JSON.stringify(value));
  } catch {
    return bytes;
  }
}

/**
 * A changed copy.
 * @param others files of the kind, from which parts are taken
 * @param longest more bytes than this it never has
 */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[], longest: number): Uint8Array {
  const isJson = bytes[0] === 0x7b || bytes[0] === 0x5b;
  const isPickle = bytes[0] === 0x80 && bytes[1] !== undefined && bytes[1] <= 5;
  let out = bytes;
  if (isJson && random.chance(0.6)) out = ofJson(bytes, random);
  else if (isPickle && random.chance(0.6)) out = changedPickle(bytes, random);
  if (out === bytes || random.chance(0.3)) {
    for (let times = 1 + (random.chance(0.5) ? 0 : random.below(6)); times > 0; times--) {
      out = random.of(ofBytes)(out, random, others, longest);
    }
  }
  return out.length > longest ? out.slice(0, longest) : out;
}
