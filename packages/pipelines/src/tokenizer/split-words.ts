import { LongspanError } from "@longspan/core";
import { objectsIn, typeOf, type JsonObject } from "./json-object.ts";
import { slicePlaced, type PlacedText } from "./placed-text.ts";

/** Cuts normalized text into words (Hugging Face: pre-tokens), each with the places of its UTF-16 units. */
export type SplitWords = (text: PlacedText) => readonly PlacedText[];

/**
 * Follows a pre-tokenizer. RoBERTa's writes each byte of UTF-8 as one character and loses none, so places are counted in bytes; BERT's
 * gives pieces of the text as they stand there, in order. (Others are refused: the JavaScript library cuts elsewhere than the Rust one.)
 * @throws LongspanError `unsupported` for one that cannot be followed so.
 */
export function wordSplitter(config: JsonObject | undefined, split: (text: string) => readonly string[], name: string): SplitWords {
  if (config === undefined) return (text) => [text];
  const steps = typeOf(config) === "Sequence" ? objectsIn(config.pretokenizers) : [config];
  const types = steps.map(typeOf);
  const [first] = steps;
  if (steps.length === 1 && first !== undefined && typeOf(first) === "ByteLevel") {
    const prefix = first.add_prefix_space === true;
    return (text) => placeBytes(text, split(text.text), prefix && !text.text.startsWith(" "));
  }
  if (types.every((type) => type === "BertPreTokenizer")) return (text) => findWords(text, split(text.text));
  throw new LongspanError(
    "unsupported",
    `${name} splits text by "${types.join(", ")}", through which places in the text cannot be followed (ByteLevel and BertPreTokenizer can). Give a tokenizer of your own: see TextTokenizer.`,
    { details: { tokenizer: name, preTokenizer: types } },
  );
}

function placeBytes(text: PlacedText, words: readonly string[], prefixed: boolean): readonly PlacedText[] {
  const total = words.reduce((sum, word) => sum + word.length, 0);
  const starts = new Int32Array(total);
  const ends = new Int32Array(total);
  let byte = 0;
  if (prefixed) byte = 1;
  starts[0] = text.starts[0] ?? 0;
  ends[0] = text.starts[0] ?? 0;
  let unit = 0;
  for (const character of text.text) {
    const next = byte + utf8Length(character);
    starts.fill(text.starts[unit] ?? 0, byte, next);
    ends.fill(text.ends[unit + character.length - 1] ?? 0, byte, next);
    byte = next;
    unit += character.length;
  }
  let at = 0;
  return words.map((word) => {
    const from = at;
    at += word.length;
    return { text: word, starts: starts.subarray(from, at), ends: ends.subarray(from, at) };
  });
}

/** A lone surrogate is written as U+FFFD, which also has three bytes. */
function utf8Length(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? 1 : code < 0x8_00 ? 2 : code < 0x1_00_00 ? 3 : 4;
}

function findWords(text: PlacedText, words: readonly string[]): readonly PlacedText[] {
  let at = 0;
  return words.map((word) => {
    const from = text.text.indexOf(word, at);
    at = from + word.length;
    return slicePlaced(text, from, at);
  });
}
