import { LongspanError } from "@longspan/core";
import { checkCount, maxAddedTokens } from "./check-count.ts";
import { idOf, invalid, tokenForm, type DeclaredToken } from "./configured-tokens.ts";
import { isObject, typeOf, type JsonObject } from "./json-object.ts";
import { quoted } from "./quoted.ts";
import type { TokenModel } from "./token-model.ts";
import { unigramModel } from "./unigram-model.ts";
import { vocabularyModel } from "./vocabulary-model.ts";

/** The part of tokenizer.json under a key: an object, or nothing where it is null. @throws LongspanError `malformed`. */
export function partOf(description: JsonObject, key: string, name: string): JsonObject | undefined {
  const part = description[key];
  if (part === undefined || part === null) return undefined;
  if (isObject(part)) return part;
  throw invalid(`${name}: ${key}`, part, "an object");
}

/** Versions of the format. @throws LongspanError `unsupported` for one other than 1.0. */
export function checkVersion({ version }: JsonObject, name: string): void {
  if (version === undefined || version === null || version === "1.0") return;
  throw new LongspanError("unsupported", `${name} is of version ${quoted(version)}; 1.0 can be read (version).`, {
    details: { tokenizer: name, version: quoted(version) },
  });
}

/** `BPE`, `WordPiece` or `Unigram`. Files of early versions leave it out. @throws LongspanError `malformed`. */
export function modelTypeOf(description: JsonObject, name: string): string {
  const model = partOf(description, "model", name);
  if (model === undefined) throw invalid(`${name}: model`, null, "an object with a vocabulary");
  if (typeOf(model) !== "") return typeOf(model);
  if (Array.isArray(model.vocab)) return "Unigram";
  return "merges" in model ? "BPE" : "WordPiece";
}

/** `added_tokens` of tokenizer.json. @throws LongspanError `malformed`. */
export function addedTokensOf(description: JsonObject, name: string): readonly DeclaredToken[] {
  const list = description.added_tokens;
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw invalid(`${name}: added_tokens`, list, "a list");
  checkCount(list.length, maxAddedTokens, name, "added tokens");
  return list.map((entry: unknown, index) => {
    const where = `${name}: added_tokens[${index}]`;
    if (!isObject(entry)) throw invalid(where, entry, "an object with id and content");
    return { id: idOf(entry.id, `${where}: id`), token: tokenForm(entry, where), where };
  });
}

/**
 * The model of tokens that a description has.
 * @throws LongspanError `malformed` naming the field; `unsupported` for models and options that are not carried out.
 */
export function tokenModel(description: JsonObject, name: string): TokenModel {
  const type = modelTypeOf(description, name);
  const model = { ...partOf(description, "model", name), type };
  if (type === "Unigram") return unigram(model, name);
  if (type === "BPE" || type === "WordPiece") {
    const ids = vocabularyOf(model, name);
    const checked = type === "BPE" ? { ...checkBpe(model, name), merges: mergesOf(model, name) } : checkWordPiece(model, name);
    return vocabularyModel(checked, ids, name);
  }
  throw new LongspanError(
    "unsupported",
    `${name} has a model of type ${quoted(type)} (model.type); BPE, WordPiece and Unigram can be read. Give a tokenizer of your own: see TextTokenizer.`,
    { details: { tokenizer: name, model: quoted(type) } },
  );
}

/** `model.vocab` of BPE and WordPiece: every token with an id of its own. */
function vocabularyOf({ vocab }: JsonObject, name: string): Map<string, number> {
  const where = `${name}: model.vocab`;
  // The lines of vocab.txt, which are numbered already.
  if (vocab instanceof Map) return vocab;
  if (!isObject(vocab)) throw invalid(where, vocab, "an object of tokens and ids");
  const ids = new Map<string, number>();
  const taken = new Set<number>();
  for (const [token, value] of Object.entries(vocab)) {
    const id = idOf(value, `${where}: the id of ${quoted(token)}`);
    if (taken.has(id)) {
      throw new LongspanError("malformed", `${where} gives the id ${id} to several tokens; ${quoted(token)} is one of them.`, {
        details: { tokenizer: name, id },
      });
    }
    taken.add(id);
    ids.set(token, id);
  }
  return ids;
}

/** Options under which the library's BPE is not the one of the Rust library. */
function checkBpe(model: JsonObject, name: string): JsonObject {
  for (const [option, harmless] of Object.entries({
    dropout: [null, 0],
    continuing_subword_prefix: [null, ""],
    end_of_word_suffix: [null, ""],
  })) {
    if (option in model && model[option] !== undefined && !harmless.some((value) => value === model[option]))
      throw unsupportedOption(option, model, name);
  }
  if (model.fuse_unk === true && typeof model.unk_token === "string") throw unsupportedOption("fuse_unk", model, name);
  if (model.byte_fallback === true) throw unsupportedOption("byte_fallback", model, name);
  if (model.unk_token !== undefined && model.unk_token !== null) {
    if (typeof model.unk_token !== "string") throw invalid(`${name}: model.unk_token`, model.unk_token, "a text or null");
  }
  return model;
}

function checkWordPiece(model: JsonObject, name: string): JsonObject {
  const { unk_token: unknown, max_input_chars_per_word: longest, continuing_subword_prefix: prefix } = model;
  if (typeof unknown !== "string") throw invalid(`${name}: model.unk_token`, unknown, "a text");
  if (longest !== undefined && !(typeof longest === "number" && Number.isInteger(longest) && longest >= 0))
    throw invalid(`${name}: model.max_input_chars_per_word`, longest, "a number of characters");
  if (prefix !== undefined && typeof prefix !== "string") throw invalid(`${name}: model.continuing_subword_prefix`, prefix, "a text");
  return { ...model, continuing_subword_prefix: prefix ?? "##" };
}

/** Pairs, or texts of two tokens with a space between, as early versions write them. Both tokens and what they make are in the vocabulary. */
function mergesOf({ merges, vocab }: JsonObject, name: string): readonly (readonly string[])[] {
  const where = `${name}: model.merges`;
  if (!Array.isArray(merges)) throw invalid(where, merges, "a list of pairs of tokens");
  const known = isObject(vocab) ? vocab : {};
  return merges.map((given: unknown, index) => {
    const pair: unknown = typeof given === "string" ? given.split(" ") : given;
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string" || typeof pair[1] !== "string")
      throw invalid(`${where}[${index}]`, given, "a pair of tokens");
    const [one, other]: [string, string] = [pair[0], pair[1]];
    const lacking = [one, other, one + other].find((token) => !Object.hasOwn(known, token));
    if (lacking === undefined) return [one, other];
    throw new LongspanError("malformed", `${where}[${index}] has ${quoted(lacking)}, which the vocabulary does not have.`, {
      details: { tokenizer: name, merge: index, token: quoted(lacking) },
    });
  });
}

function unigram(model: JsonObject, name: string): TokenModel {
  const where = `${name}: model.vocab`;
  const { vocab, unk_id: unknownId, byte_fallback: byteFallback } = model;
  if (!Array.isArray(vocab) || vocab.length === 0) throw invalid(where, vocab, "a list of pieces and scores");
  const pieces = vocab.map((given: unknown, index): readonly [string, number] => {
    const [piece, score, ...more]: readonly unknown[] = Array.isArray(given) ? given : [];
    if (typeof piece === "string" && typeof score === "number" && more.length === 0) return [piece, score];
    throw invalid(`${where}[${index}]`, given, "a piece and its score");
  });
  if (byteFallback !== undefined && typeof byteFallback !== "boolean")
    throw invalid(`${name}: model.byte_fallback`, byteFallback, "true or false");
  const unknown = unknownId === undefined || unknownId === null ? undefined : idOf(unknownId, `${name}: model.unk_id`);
  if (unknown !== undefined && unknown >= pieces.length)
    throw invalid(`${name}: model.unk_id`, unknown, `an id of its ${pieces.length} pieces`);
  return unigramModel({ pieces, unknownId: unknown, byteFallback: byteFallback === true, name });
}

function unsupportedOption(option: string, model: JsonObject, name: string): LongspanError {
  return new LongspanError(
    "unsupported",
    `${name}: model.${option} is ${quoted(model[option])}, which is not carried out. Give a tokenizer of your own: see TextTokenizer.`,
    { details: { tokenizer: name, option } },
  );
}
