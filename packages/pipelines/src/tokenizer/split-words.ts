import { LongspanError } from "@longspan/core";
import { escapedPattern, punctuation, wordCharacters } from "./characters.ts";
import { isObject, typeOf, type JsonObject } from "./json-object.ts";
import { replacedPattern } from "./normalize-text.ts";
import { prependPlaced, replacePlaced, rewritePlaced, slicePlaced, type PlacedChange, type PlacedText } from "./placed-text.ts";
import { quoted } from "./quoted.ts";

/** Cuts normalized text into words (Hugging Face: pre-tokens), each with the places of its UTF-16 units. */
export type SplitWords = (text: PlacedText) => readonly PlacedText[];

type MakeSplitter = (config: JsonObject, name: string) => SplitWords;

/** What becomes of the matches that a text is split at (tokenizers/tokenizer/normalizer.rs, SplitDelimiterBehavior). */
type Behavior = "Removed" | "Isolated" | "MergedWithPrevious" | "MergedWithNext" | "Contiguous";

/**
 * A pre-tokenizer of tokenizer.json, equal to the `tokenizers` library's in words and places.
 * @throws LongspanError `unsupported` for one that is not carried out, `malformed`.
 */
export function wordSplitter(config: JsonObject | undefined, name: string): SplitWords {
  if (config === undefined) return (text) => [text];
  const make = makers.get(typeOf(config));
  if (make !== undefined) return make(config, name);
  throw new LongspanError(
    "unsupported",
    `${name} splits text by ${quoted(typeOf(config))} (pre_tokenizer); ${[...makers.keys()].join(", ")} can be carried out. Give a tokenizer of your own: see TextTokenizer.`,
    { details: { tokenizer: name, preTokenizer: quoted(typeOf(config)) } },
  );
}

const makers: ReadonlyMap<string, MakeSplitter> = new Map<string, MakeSplitter>([
  ["Sequence", sequence],
  ["ByteLevel", byteLevel],
  ["BertPreTokenizer", bert],
  ["Metaspace", metaspace],
  ["WhitespaceSplit", () => by(/\p{White_Space}/gu, "Removed")],
  ["Whitespace", () => by(new RegExp(String.raw`[${wordCharacters}]+|[^${wordCharacters}\p{White_Space}]+`, "gu"), "Removed", true)],
  ["Punctuation", ({ behavior }, name) => by(punctuation, behaviorOf(behavior ?? "Isolated", name))],
  ["Digits", ({ individual_digits: individual }) => by(/\p{N}/gu, individual === true ? "Isolated" : "Contiguous")],
  ["Split", split],
]);

function sequence({ pretokenizers }: JsonObject, name: string): SplitWords {
  if (!Array.isArray(pretokenizers) || !pretokenizers.every(isObject)) throw invalid("Sequence.pretokenizers", name);
  const steps = pretokenizers.map((step) => wordSplitter(step, name));
  return (text) => steps.reduce<readonly PlacedText[]>((words, step) => words.flatMap(step), [text]);
}

/** GPT-2's words: contractions, letters, digits, other signs, each with the space before it, and spaces. */
const gptWords =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Each byte of UTF-8 is written as one character; all characters of one stand for it (tokenizers/pre_tokenizers/byte_level.rs). */
function byteLevel(config: JsonObject, name: string): SplitWords {
  if (typeof config.add_prefix_space !== "boolean") throw invalid("ByteLevel.add_prefix_space", name);
  const words = config.use_regex === false ? (text: PlacedText) => [text] : by(gptWords, "Isolated");
  const addsSpace = config.add_prefix_space;
  const utf8 = new TextEncoder();
  return (text) =>
    words(addsSpace && !text.text.startsWith(" ") ? prependPlaced(text, " ") : text).map((word) => {
      const changes: PlacedChange[] = [];
      for (const character of word.text) {
        for (const [index, byte] of utf8.encode(character).entries()) changes.push([byteCharacters[byte] ?? "", index > 0 ? 1 : 0]);
      }
      return rewritePlaced(word, changes);
    });
}

/** How GPT-2 writes bytes: printable ones of Latin-1 as they are, the others from U+0100 on. */
const byteCharacters: readonly string[] = (() => {
  let next = 0x1_00;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCodePoint(printable ? byte : next++);
  });
})();

function bert(): SplitWords {
  const words = by(/\p{White_Space}/gu, "Removed");
  const signs = by(punctuation, "Isolated");
  return (text) => words(text).flatMap(signs);
}

/** sentencepiece's way: a sign instead of each space, and before the first word (tokenizers/pre_tokenizers/metaspace.rs). */
function metaspace(config: JsonObject, name: string): SplitWords {
  const { replacement: sign, prepend_scheme: scheme = "always", add_prefix_space: adds } = config;
  if (typeof sign !== "string" || Array.from(sign).length !== 1) throw invalid("Metaspace.replacement", name);
  if (scheme !== "always" && scheme !== "first" && scheme !== "never") throw invalid("Metaspace.prepend_scheme", name);
  if (adds === false && config.prepend_scheme !== "never") throw invalid("Metaspace.add_prefix_space", name);
  const words = config.split === false ? (text: PlacedText) => [text] : by(new RegExp(escapedPattern(sign), "gu"), "MergedWithNext");
  return (given) => {
    const text = replacePlaced(given, / /g, sign);
    const prepends = !text.text.startsWith(sign) && (scheme === "always" || (scheme === "first" && text.starts[0] === 0));
    return words(prepends ? prependPlaced(text, sign) : text);
  };
}

function split(config: JsonObject, name: string): SplitWords {
  return by(replacedPattern(config.pattern, name), behaviorOf(config.behavior, name), config.invert === true);
}

function behaviorOf(value: unknown, name: string): Behavior {
  const behaviors: readonly Behavior[] = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];
  const found = behaviors.find((behavior) => behavior === value);
  if (found !== undefined) return found;
  throw invalid("behavior", name);
}

/** Splits at what a pattern matches, or, inverted, at what lies between its matches. */
function by(pattern: RegExp, behavior: Behavior, inverted = false): SplitWords {
  return (text) => {
    const pieces: Piece[] = [];
    let done = 0;
    for (const match of text.text.matchAll(pattern)) {
      if (match.index > done) pieces.push({ from: done, to: match.index, matches: inverted });
      done = match.index + match[0].length;
      pieces.push({ from: match.index, to: done, matches: !inverted });
    }
    if (done < text.text.length) pieces.push({ from: done, to: text.text.length, matches: inverted });
    return merged(pieces, behavior)
      .filter(({ from, to }) => to > from)
      .map(({ from, to }) => slicePlaced(text, from, to));
  };
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly matches: boolean;
}

function merged(pieces: readonly Piece[], behavior: Behavior): readonly Piece[] {
  if (behavior === "Removed") return pieces.filter(({ matches }) => !matches);
  if (behavior === "Isolated") return pieces;
  const joined: Piece[] = [];
  const backwards = behavior === "MergedWithNext";
  let before = false;
  for (const piece of backwards ? pieces.toReversed() : pieces) {
    const last = joined.at(-1);
    const joins = behavior === "Contiguous" ? piece.matches === before : piece.matches && !before;
    if (joins && last !== undefined) {
      joined[joined.length - 1] = { from: Math.min(last.from, piece.from), to: Math.max(last.to, piece.to), matches: piece.matches };
    } else {
      joined.push(piece);
    }
    before = piece.matches;
  }
  return backwards ? joined.toReversed() : joined;
}

function invalid(field: string, name: string): LongspanError {
  return new LongspanError("malformed", `${name}: pre_tokenizer ${field} is not what the tokenizers library writes there.`, {
    details: { tokenizer: name, field },
  });
}
