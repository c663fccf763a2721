import { LongspanError } from "@longspan/core";
import { escapedPattern, isControl, isMark, isNonspacingMark, isSpace } from "./characters.ts";
import { isObject, textOf, typeOf, type JsonObject } from "./json-object.ts";
import { filterPlaced, mapPlaced, prependPlaced, replacePlaced, rewritePlaced, type PlacedChange, type PlacedText } from "./placed-text.ts";
import { precompiledCharsmap } from "./precompiled-charsmap.ts";
import { quoted } from "./quoted.ts";
import { normalFormPlaced } from "./unicode-normal-form.ts";

/** Rewrites a text (lower-casing, stripping accents and the like) and keeps track of what came from where. */
export type NormalizeText = (text: PlacedText) => PlacedText;

type MakeNormalizer = (config: JsonObject, name: string) => NormalizeText;

/**
 * A normalizer of tokenizer.json, equal to the `tokenizers` library's in text and places.
 * @throws LongspanError `unsupported` for one that is not carried out, `malformed`.
 */
export function textNormalizer(config: JsonObject | undefined, name: string): NormalizeText {
  if (config === undefined) return (text) => text;
  const make = makers.get(typeOf(config));
  if (make !== undefined) return make(config, name);
  throw new LongspanError(
    "unsupported",
    `${name} normalizes text by ${quoted(typeOf(config))} (normalizer); ${[...makers.keys()].join(", ")} can be carried out. Give a tokenizer of your own: see TextTokenizer.`,
    { details: { tokenizer: name, normalizer: quoted(typeOf(config)) } },
  );
}

const makers: ReadonlyMap<string, MakeNormalizer> = new Map<string, MakeNormalizer>([
  ["Sequence", sequence],
  ["BertNormalizer", bert],
  ["Lowercase", () => lowerCase],
  ["StripAccents", () => (text) => filterPlaced(text, (character) => !isMark(character))],
  ["NFC", () => (text) => normalFormPlaced(text, "NFC")],
  ["NFD", () => (text) => normalFormPlaced(text, "NFD")],
  ["NFKC", () => (text) => normalFormPlaced(text, "NFKC")],
  ["NFKD", () => (text) => normalFormPlaced(text, "NFKD")],
  ["Nmt", () => nmt],
  ["Strip", strip],
  [
    "Prepend",
    ({ prepend }, name) =>
      (text) =>
        prependPlaced(text, neededText(prepend, "Prepend.prepend", name)),
  ],
  ["Replace", replace],
  ["Precompiled", precompiled],
]);

function sequence({ normalizers }: JsonObject, name: string): NormalizeText {
  if (!Array.isArray(normalizers) || !normalizers.every(isObject)) throw invalid("Sequence.normalizers", name);
  const steps = normalizers.map((step) => textNormalizer(step, name));
  return (text) => steps.reduce((done, step) => step(done), text);
}

/** tokenizers/normalizers/bert.rs. */
function bert(config: JsonObject): NormalizeText {
  const lowercases = config.lowercase !== false;
  const stripsAccents = typeof config.strip_accents === "boolean" ? config.strip_accents : lowercases;
  return (given) => {
    let text = given;
    if (config.clean_text !== false)
      text = mapPlaced(
        filterPlaced(text, (character) => !isControl(character)),
        (character) => (isSpace(character) ? " " : character),
      );
    if (config.handle_chinese_chars !== false) text = spaceIdeographs(text);
    if (stripsAccents) text = filterPlaced(normalFormPlaced(text, "NFD"), (character) => !isNonspacingMark(character));
    return lowercases ? lowerCase(text) : text;
  };
}

function spaceIdeographs(text: PlacedText): PlacedText {
  if (!ideographs.test(text.text)) return text;
  const changes: PlacedChange[] = [];
  for (const character of text.text) {
    if (ideographs.test(character)) changes.push([" ", 0], [character, 1], [" ", 1]);
    else changes.push([character, 0]);
  }
  return rewritePlaced(text, changes);
}

const ideographs =
  /[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/u;

/** Character by character, so that a final sigma stays the plain one, as in the library. */
function lowerCase(text: PlacedText): PlacedText {
  return mapPlaced(text, (character) => character.toLowerCase());
}

/** sentencepiece's rules for translation (tokenizers/normalizers/unicode.rs, `do_nmt`). */
function nmt(text: PlacedText): PlacedText {
  const kept = filterPlaced(text, (character) => !isLeftOutByNmt(character.codePointAt(0) ?? 0));
  return mapPlaced(kept, (character) => (nmtSpaces.test(character) ? " " : character));
}

function isLeftOutByNmt(code: number): boolean {
  return (code >= 1 && code <= 8) || code === 0x0b || (code >= 0x0e && code <= 0x1f) || code === 0x7f || code === 0x8f || code === 0x9f;
}

const nmtSpaces = /^[\t\n\f\r\u1680\u200B-\u200F\u2028\u2029\u2581\uFEFF\uFFFD]$/;

function strip(config: JsonObject): NormalizeText {
  return (text) => {
    const characters = Array.from(text.text);
    const first = config.strip_left === false ? 0 : characters.findIndex((character) => !isSpace(character));
    const last = config.strip_right === false ? characters.length - 1 : characters.findLastIndex((character) => !isSpace(character));
    const kept = first === -1 ? [] : characters.slice(first, last + 1);
    if (kept.length === characters.length) return text;
    return rewritePlaced(
      text,
      kept.map((character) => [character, 0]),
      Math.max(first, 0),
    );
  };
}

function replace({ pattern, content }: JsonObject, name: string): NormalizeText {
  const by = neededText(content, "Replace.content", name);
  const matched = replacedPattern(pattern, name);
  return (text) => replacePlaced(text, matched, by);
}

/**
 * A text, or one of the few regular expressions that mean the same to Oniguruma, which the library uses, and to JavaScript.
 * @throws LongspanError `unsupported` for another regular expression.
 */
export function replacedPattern(pattern: unknown, name: string): RegExp {
  if (isObject(pattern) && typeof pattern.String === "string" && pattern.String !== "")
    return new RegExp(escapedPattern(pattern.String), "gu");
  const expression = isObject(pattern) ? textOf(pattern.Regex) : undefined;
  if (expression === undefined) throw invalid("pattern", name);
  if (/^(?:[\p{L}\p{N} ,;:'"_▁~!@#%&=<>/-]|\\[ntr.]|(?<=.)(?:\+|\{\d{1,3}(?:,\d{0,3})?\}))+$/u.test(expression))
    return new RegExp(expression, "gu");
  throw new LongspanError(
    "unsupported",
    `${name} has the regular expression ${quoted(expression)}; only plain characters with repetitions ("a+", " {2,}") mean the same in every implementation. Give a tokenizer of your own: see TextTokenizer.`,
    { details: { tokenizer: name, pattern: quoted(expression) } },
  );
}

function precompiled({ precompiled_charsmap: table }: JsonObject, name: string): NormalizeText {
  if (table instanceof Uint8Array) return precompiledCharsmap(table, name);
  if (typeof table !== "string") throw invalid("Precompiled.precompiled_charsmap", name);
  let bytes: string;
  try {
    bytes = atob(table);
  } catch (error) {
    throw invalid("Precompiled.precompiled_charsmap", name, error);
  }
  return precompiledCharsmap(
    Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)),
    name,
  );
}

function neededText(value: unknown, field: string, name: string): string {
  if (typeof value === "string") return value;
  throw invalid(field, name);
}

function invalid(field: string, name: string, cause?: unknown): LongspanError {
  return new LongspanError("malformed", `${name}: normalizer ${field} is not what the tokenizers library writes there.`, {
    cause,
    details: { tokenizer: name, field },
  });
}
