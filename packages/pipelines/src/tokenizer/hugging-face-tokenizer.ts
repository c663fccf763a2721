import { Tokenizer } from "@huggingface/tokenizers";
import { LongspanError } from "@longspan/core";
import { addedTokensOf, addedTokenSplitter } from "./added-tokens.ts";
import { alignTokens, type TokenForms } from "./align-tokens.ts";
import { isObject, textOf, typeOf, type JsonObject } from "./json-object.ts";
import { placedNormalizer } from "./normalize-text.ts";
import { offsetTrimming, specialTokensOf, secondTypeIdOf } from "./post-processor.ts";
import { slicePlaced } from "./placed-text.ts";
import { wordSplitter } from "./split-words.ts";
import type { TextTokenizer, TokenizedText } from "./text-tokenizer.ts";
import { trimOffsets } from "./trim-offsets.ts";

export interface HuggingFaceTokenizerOptions {
  /** A parsed tokenizer.json. */
  readonly tokenizer: JsonObject;
  /** A parsed tokenizer_config.json (or special_tokens_map.json), for the names of special tokens. */
  readonly config?: JsonObject | undefined;
  /** For messages. */
  readonly name: string;
}

/**
 * A tokenizer of Hugging Face's description of it. Words and tokens are the library's (@huggingface/tokenizers); which part of the text each
 * stands for is followed here, and equals the `offset_mapping` of their Rust library, in UTF-16 units.
 * @throws LongspanError `malformed`; `unsupported` for parts through which places in a text cannot be followed.
 */
export function huggingFaceTokenizer({ tokenizer: given, config = {}, name }: HuggingFaceTokenizerOptions): TextTokenizer {
  const description = completed(given, name);
  const library = openLibrary(description, config, name);
  const added = addedTokensOf(description.added_tokens);
  const { normalizer, pre_tokenizer: preTokenizer, model } = library;
  const isNormalized = (token: { readonly normalized: boolean }): boolean => token.normalized && normalizer !== null;
  const splitText = addedTokenSplitter(added.filter((token) => !isNormalized(token)));
  const splitNormalized = addedTokenSplitter(
    added.filter(isNormalized).map((token) => ({ ...token, content: normalizer?.normalize(token.content) ?? token.content })),
  );
  const normalize = placedNormalizer(
    objectAt(description, "normalizer"),
    normalizer === null ? undefined : (text) => normalizer.normalize(text),
    name,
  );
  const splitWords = wordSplitter(objectAt(description, "pre_tokenizer"), (text) => preTokenizer?.pre_tokenize(text) ?? [text], name);
  const modelPart = objectAt(description, "model") ?? {};
  const forms: TokenForms = {
    continuingPrefix: textOf(modelPart.continuing_subword_prefix) ?? "",
    unknown: textOf(modelPart.unk_token),
    unknownIsWord: typeOf(modelPart) === "WordPiece",
  };
  const trimming = offsetTrimming(objectAt(description, "post_processor"));
  const tokensOfWord = (word: string): readonly string[] => model?._call([word]) ?? [];
  const idOf = (token: string): number => {
    const id = library.token_to_id(token);
    if (id !== undefined) return id;
    throw new LongspanError("malformed", `${name} gives the token ${JSON.stringify(token)}, which its vocabulary does not have.`, {
      details: { tokenizer: name, token },
    });
  };

  const encode = (text: string): TokenizedText => {
    const tokens: string[] = [];
    const ids: number[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    const words: number[] = [];
    let word = 0;
    const add = (token: string, id: number, start: number, end: number): void => {
      tokens.push(token);
      ids.push(id);
      starts.push(start);
      ends.push(end);
      words.push(word);
    };
    for (const section of splitText(text)) {
      if (section.token !== undefined) {
        add(text.slice(section.start, section.end), section.token.id, section.start, section.end);
        word++;
        continue;
      }
      const normalized = normalize(text, section.start, section.end);
      for (const part of splitNormalized(normalized.text)) {
        const placed = slicePlaced(normalized, part.start, part.end);
        if (part.token !== undefined) {
          add(placed.text, part.token.id, placed.starts[0] ?? 0, placed.ends.at(-1) ?? 0);
          word++;
          continue;
        }
        for (const piece of splitWords(placed)) {
          const found = tokensOfWord(piece.text);
          for (const [index, [from, to]] of alignTokens(piece.text, found, forms).entries()) {
            const token = found[index] ?? "";
            add(token, idOf(token), piece.starts[from] ?? 0, piece.ends[Math.max(from, to - 1)] ?? 0);
          }
          word++;
        }
      }
    }
    const places = { starts: Int32Array.from(starts), ends: Int32Array.from(ends) };
    if (trimming !== undefined) trimOffsets(tokens, places.starts, places.ends, trimming.addsPrefixSpace);
    return { ids: Int32Array.from(ids), ...places, words: Int32Array.from(words) };
  };

  const special = specialTokensOf(objectAt(description, "post_processor"), config, (token) => library.token_to_id(token));
  return {
    name,
    largestId: largestId(modelPart, added),
    special: { ...special, maskTakesSpace: added.some(({ id, lstrip }) => id === special.mask && lstrip) },
    secondTypeId: secondTypeIdOf(objectAt(description, "post_processor")),
    encode,
    tokenOf: (id) => library.id_to_token(id),
    decode: (ids) => (ids.length === 0 ? "" : library.decode([...ids], { clean_up_tokenization_spaces: false })),
  };
}

function objectAt(parent: JsonObject, key: string): JsonObject | undefined {
  const value = parent[key];
  return isObject(value) ? value : undefined;
}

/** Files of early versions leave out keys and the model's type. */
function completed(given: JsonObject, name: string): JsonObject {
  const model = objectAt(given, "model");
  if (model === undefined || !isObject(model.vocab)) {
    throw new LongspanError(
      "malformed",
      `${name} describes no tokenizer with a vocabulary of tokens and ids (model.vocab). BPE and WordPiece can be read.`,
      { details: { tokenizer: name } },
    );
  }
  const type = typeOf(model) === "" ? (Array.isArray(model.merges) ? "BPE" : "WordPiece") : typeOf(model);
  if (type !== "BPE" && type !== "WordPiece") {
    throw new LongspanError(
      "unsupported",
      `${name} has a model of type "${type}"; BPE and WordPiece can be read. Give a tokenizer of your own: see TextTokenizer.`,
      {
        details: { tokenizer: name, model: type },
      },
    );
  }
  return {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...given,
    added_tokens: Array.isArray(given.added_tokens) ? given.added_tokens : [],
    model: { ...model, type },
  };
}

function openLibrary(description: JsonObject, config: JsonObject, name: string): Tokenizer {
  try {
    return new Tokenizer(description, config);
  } catch (error) {
    throw new LongspanError(
      "malformed",
      `${name} cannot be read as a tokenizer: ${error instanceof Error ? error.message : String(error)}.`,
      {
        cause: error,
        details: { tokenizer: name },
      },
    );
  }
}

function largestId(model: JsonObject, added: readonly { readonly id: number }[]): number {
  let largest = -1;
  for (const id of Object.values(isObject(model.vocab) ? model.vocab : {})) if (typeof id === "number") largest = Math.max(largest, id);
  for (const { id } of added) largest = Math.max(largest, id);
  return largest;
}
