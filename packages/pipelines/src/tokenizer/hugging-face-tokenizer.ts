import { LongspanError } from "@longspan/core";
import { addedVocabulary, type AddedVocabulary } from "./added-vocabulary.ts";
import { configuredTokens, contentOf, roleNames, tokensToAdd, type ConfiguredTokens, type DeclaredToken } from "./configured-tokens.ts";
import { tokenDecoder } from "./decode-tokens.ts";
import type { JsonObject } from "./json-object.ts";
import { textNormalizer } from "./normalize-text.ts";
import { placeAsIs, slicePlaced } from "./placed-text.ts";
import { checkPostProcessor, offsetTrimming, secondTypeIdOf, specialTokensOf } from "./post-processor.ts";
import { quoted } from "./quoted.ts";
import { wordSplitter } from "./split-words.ts";
import type { TokenModel } from "./token-model.ts";
import type { TextTokenizer, TokenizedText } from "./text-tokenizer.ts";
import { addedTokensOf, checkVersion, partOf, tokenModel } from "./tokenizer-description.ts";
import { trimOffsets } from "./trim-offsets.ts";

/** The files of a tokenizer, read. */
export interface HuggingFaceTokenizerOptions {
  /** A parsed tokenizer.json. */
  readonly tokenizer: JsonObject;
  /** A parsed tokenizer_config.json, for special and added tokens. */
  readonly config?: JsonObject | undefined;
  /** For messages. */
  readonly name: string;
}

/** A description with the tokens that are added to it. */
export interface DescribedTokenizer {
  /** In the form of tokenizer.json. Its own `added_tokens` come first. */
  readonly description: JsonObject;
  readonly tokens: ConfiguredTokens;
  readonly maxTokens?: number | undefined;
  readonly name: string;
}

/**
 * A tokenizer of Hugging Face's description of it, taken as it stands. Tokens and the parts of the text they stand for equal those of the
 * `tokenizers` library; places are in UTF-16 units.
 * @throws LongspanError `malformed`; `unsupported` for parts that cannot be carried out.
 */
export function huggingFaceTokenizer({ tokenizer, config = {}, name }: HuggingFaceTokenizerOptions): TextTokenizer {
  const tokens = configuredTokens({
    config: { name: `the configuration of ${name}`, value: config },
    specialTokensMap: undefined,
    addedTokens: undefined,
    tokenizerTokens: addedTokensOf(tokenizer, name),
  });
  return describedTokenizer({ description: tokenizer, tokens, name });
}

/** @throws LongspanError `malformed`; `unsupported` for parts that cannot be carried out. */
export function describedTokenizer({ description, tokens, maxTokens, name }: DescribedTokenizer): TextTokenizer {
  checkVersion(description, name);
  const model = tokenModel(description, name);
  const own = addedTokensOf(description, name);
  const normalizer = textNormalizer(partOf(description, "normalizer", name), name);
  const splitWords = wordSplitter(partOf(description, "pre_tokenizer", name), name);
  const postProcessor = partOf(description, "post_processor", name);
  const added = vocabularyOf({ description, tokens, name }, model, normalizer);
  const declared = [...own, ...tokens.declared];
  checkIds([...declared, ...tokens.replaced], added.idOf);
  checkPostProcessor(postProcessor, added.idOf, name);
  const trimming = offsetTrimming(postProcessor);
  const decode = tokenDecoder(partOf(description, "decoder", name), [...added.tokens.values()], name);

  const encode = (text: string): TokenizedText => {
    const found: { readonly token: string; readonly id: number; readonly start: number; readonly end: number; readonly word: number }[] =
      [];
    let word = 0;
    for (const section of added.splitText(text)) {
      if (section.id !== undefined) {
        found.push({ token: text.slice(section.start, section.end), id: section.id, start: section.start, end: section.end, word });
        word++;
        continue;
      }
      const normalized = normalizer(placeAsIs(text, section.start, section.end));
      for (const part of added.splitNormalized(normalized.text)) {
        const placed = slicePlaced(normalized, part.start, part.end);
        if (part.id !== undefined) {
          found.push({ token: placed.text, id: part.id, start: placed.starts[0] ?? 0, end: placed.ends.at(-1) ?? 0, word });
          word++;
          continue;
        }
        for (const piece of splitWords(placed)) {
          for (const { id, token, from, to } of model.tokensOf(piece.text)) {
            found.push({ token, id, start: piece.starts[from] ?? 0, end: piece.ends[Math.max(from, to - 1)] ?? 0, word });
          }
          word++;
        }
      }
    }
    const starts = Int32Array.from(found, ({ start }) => start);
    const ends = Int32Array.from(found, ({ end }) => end);
    if (trimming !== undefined) {
      trimOffsets(
        text,
        found.map(({ token }) => token),
        starts,
        ends,
        trimming.addsPrefixSpace,
      );
    }
    return { ids: Int32Array.from(found, ({ id }) => id), starts, ends, words: Int32Array.from(found, ({ word: number }) => number) };
  };

  const special = specialTokensOf(postProcessor, namedRoles(tokens), added.idOf);
  return {
    name,
    maxId: declared.reduce((largest, { id }) => Math.max(largest, id), model.maxId),
    special: { ...special, maskTakesSpace: special.mask !== undefined && added.tokens.get(special.mask)?.lstrip === true },
    secondTypeId: secondTypeIdOf(postProcessor),
    maxTokens,
    encode,
    tokenOf: added.tokenOf,
    decode: (ids) => decode(ids.map((id) => added.tokenOf(id) ?? "")),
  };
}

function namedRoles({ roles }: ConfiguredTokens): ReadonlyMap<string, string> {
  return new Map(
    roleNames.flatMap((role): readonly [string, string][] => {
      const token = roles.get(role);
      return token === undefined || token === null ? [] : [[role, contentOf(token)]];
    }),
  );
}

/**
 * Ids that files give to tokens and that the library, which counts on from the vocabulary, does not: transformers 5 takes the library's, earlier
 * versions the files'. Which the model was trained with cannot be known.
 */
function checkIds(declared: readonly DeclaredToken[], idOf: (token: string) => number | undefined): void {
  for (const { id, token, where } of declared) {
    const counted = token.content === "" ? id : idOf(token.content);
    if (counted === id) continue;
    throw new LongspanError(
      "malformed",
      `${where} gives the token ${quoted(token.content)} the id ${id}; ${counted === undefined ? "another file gives that id to another token" : `by the vocabulary and the tokens before it, it is ${counted}`}. Versions of transformers differ in which they take: put the ids right.`,
      { details: { where, token: quoted(token.content), id, counted } },
    );
  }
}

/** The tokens beside the model's own, numbered. */
export function vocabularyOf(
  { description, tokens, name }: Pick<DescribedTokenizer, "description" | "tokens" | "name">,
  model: TokenModel,
  normalizer: ReturnType<typeof textNormalizer>,
): AddedVocabulary {
  const own = addedTokensOf(description, name);
  return addedVocabulary({
    model,
    tokens: [
      ...own.map(({ token }) => ({ ...token, normalized: token.normalized ?? !token.special })),
      ...tokensToAdd(tokens, new Set(own.map(({ token }) => token.content))),
    ],
    normalize: (text) => normalizer(placeAsIs(text, 0, text.length)).text,
    splitSpecialTokens: tokens.splitSpecialTokens,
    name,
  });
}
