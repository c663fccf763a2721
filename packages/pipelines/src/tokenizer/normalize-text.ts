import { LongspanError } from "@longspan/core";
import { joinPieces, placeAsIs, type PlacedText } from "./placed-text.ts";
import type { JsonObject } from "./json-object.ts";
import { objectsIn, typeOf } from "./json-object.ts";

/** Rewrites a text; Hugging Face's name for lower-casing, stripping accents and the like. */
export type Normalize = (text: string) => string;

/** Rewrites units `from` to `to` of a text and keeps track of what came from where. */
export type PlacedNormalize = (text: string, from: number, to: number) => PlacedText;

/** Each of these rewrites a text character by character. */
const byCharacter: ReadonlySet<string> = new Set(["BertNormalizer", "Lowercase", "StripAccents"]);
const characters = /./gsu;

/**
 * Follows a normalizer through a text, character by character, so that every character of the result has its place in the original.
 * @throws LongspanError `unsupported` for a normalizer that cannot be followed so.
 */
export function placedNormalizer(config: JsonObject | undefined, normalize: Normalize | undefined, name: string): PlacedNormalize {
  if (config === undefined || normalize === undefined) return placeAsIs;
  const steps = typeOf(config) === "Sequence" ? objectsIn(config.normalizers) : [config];
  const types = steps.map(typeOf);
  const unknown = types.find((type) => !byCharacter.has(type));
  if (unknown !== undefined) {
    throw new LongspanError(
      "unsupported",
      `${name} normalizes text by "${unknown}", through which places in the text cannot be followed (${[...byCharacter].join(", ")} can). Give a tokenizer of your own: see TextTokenizer.`,
      { details: { tokenizer: name, normalizer: unknown } },
    );
  }
  const spacesIdeographs = steps.some((step) => typeOf(step) === "BertNormalizer" && step.handle_chinese_chars === true);
  return (text, from, to) =>
    joinPieces(
      Array.from(text.slice(from, to).matchAll(characters), (match) => {
        const [piece] = match;
        const normalized = normalize(piece);
        const start = from + match.index;
        return { text: spacesIdeographs && isRareIdeograph(piece) ? ` ${normalized} ` : normalized, start, end: start + piece.length };
      }),
    );
}

/** BERT sets spaces around ideographs (tokenizers/normalizers/bert.rs); the JavaScript library does so in Unicode's first plane only. */
function isRareIdeograph(piece: string): boolean {
  return /^[\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/u.test(piece);
}
