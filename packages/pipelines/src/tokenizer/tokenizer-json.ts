import type { FileSet } from "@longspan/core";
import { stringifyJson } from "@longspan/core/adapter";
import { contentOf } from "./configured-tokens.ts";
import { describedTokenizer, vocabularyOf, type DescribedTokenizer } from "./hugging-face-tokenizer.ts";
import { isObject } from "./json-object.ts";
import { describeTokenizer, type LoadTokenizerOptions } from "./load-tokenizer.ts";
import { textNormalizer } from "./normalize-text.ts";
import { tokenOfItem } from "./post-processor.ts";
import { partOf, tokenModel } from "./tokenizer-description.ts";

/** The tokens that have a role, by its name: `sep_token`. */
export type RoleTokens = Readonly<Record<string, string>>;

/**
 * The tokenizer that lies in a folder as one tokenizer.json, whatever files it is made of: with all added tokens, and the ids of special ones. For programs that read no
 * other file.
 * @throws LongspanError as `loadTokenizer`.
 */
export async function tokenizerJson(
  files: FileSet,
  options: LoadTokenizerOptions = {},
): Promise<{ readonly text: string; readonly roles: RoleTokens }> {
  const described = await describeTokenizer(files, options);
  // What cannot be carried out is refused here too, not first by another program.
  describedTokenizer(described);
  const { description, tokens } = described;
  const added = addedOf(described);
  const whole = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [...added.tokens]
      .toSorted(([one], [other]) => one - other)
      .map(([id, { content, singleWord, lstrip, rstrip, normalized, special }]) => ({
        id,
        content,
        single_word: singleWord,
        lstrip,
        rstrip,
        normalized,
        special,
      })),
    normalizer: description.normalizer ?? null,
    pre_tokenizer: description.pre_tokenizer ?? null,
    post_processor: withIds(description.post_processor ?? null, added.idOf),
    decoder: description.decoder ?? null,
    model: description.model,
  };
  const roles = [...tokens.roles].flatMap(([role, token]) => (token === null ? [] : [[role, contentOf(token)] as const]));
  return { text: `${stringifyJson(whole, { indent: 1, replace: asInFiles })}\n`, roles: Object.fromEntries(roles) };
}

function addedOf(described: DescribedTokenizer): ReturnType<typeof vocabularyOf> {
  const { description, name } = described;
  return vocabularyOf(described, tokenModel(description, name), textNormalizer(partOf(description, "normalizer", name), name));
}

/** A vocabulary may be a Map here; a table of characters is bytes, and base64 in files. */
function asInFiles(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (!(value instanceof Uint8Array)) return value;
  return btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join(""));
}

type IdOf = (token: string) => number | undefined;

/** Descriptions that are made here name special tokens; files name their ids, too. */
function withIds(processor: unknown, idOf: IdOf): unknown {
  if (!isObject(processor)) return processor;
  if (Array.isArray(processor.processors))
    return { ...processor, processors: processor.processors.map((one: unknown) => withIds(one, idOf)) };
  if (processor.type === "RobertaProcessing" || processor.type === "BertProcessing")
    return { ...processor, sep: pairOf(processor.sep, idOf), cls: pairOf(processor.cls, idOf) };
  if (processor.type !== "TemplateProcessing" || processor.special_tokens !== undefined) return processor;
  const pieces: unknown[] = [processor.single, processor.pair].flatMap((side) => (Array.isArray(side) ? side : []));
  const names = new Set(pieces.flatMap((piece) => (isObject(piece) ? tokenOfItem(piece) : undefined) ?? []));
  const special = [...names].map((token) => [token, { id: token, ids: [idOf(token)], tokens: [token] }] as const);
  return { ...processor, special_tokens: Object.fromEntries(special) };
}

function pairOf(pair: unknown, idOf: IdOf): unknown {
  const token: unknown = Array.isArray(pair) ? pair[0] : undefined;
  return typeof token === "string" ? [token, idOf(token)] : pair;
}
