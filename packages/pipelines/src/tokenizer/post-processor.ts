import { LongspanError } from "@longspan/core";
import { invalid } from "./configured-tokens.ts";
import { isObject, objectsIn, textOf, typeOf, type JsonObject } from "./json-object.ts";
import { quoted } from "./quoted.ts";
import type { SpecialTokens } from "./text-tokenizer.ts";

/** The parts of a post-processor (tokenizer.json, `post_processor`), one after the other. */
function partsOf(postProcessor: JsonObject | undefined): readonly JsonObject[] {
  if (postProcessor === undefined) return [];
  return typeOf(postProcessor) === "Sequence" ? objectsIn(postProcessor.processors) : [postProcessor];
}

/**
 * Whether what a post-processor puts around a text can be carried out: one special token before it and one behind it, or none.
 * @throws LongspanError `unsupported`, `malformed`.
 */
export function checkPostProcessor(postProcessor: JsonObject | undefined, idOf: (token: string) => number | undefined, name: string): void {
  for (const part of partsOf(postProcessor)) {
    const type = typeOf(part);
    if (type === "ByteLevel") continue;
    if (type === "TemplateProcessing") checkTemplate(part, idOf, name);
    else if (type === "RobertaProcessing" || type === "BertProcessing") {
      for (const key of ["cls", "sep"]) checkPair(part[key], idOf, `${name}: post_processor.${key}`);
    } else {
      throw new LongspanError(
        "unsupported",
        `${name} joins texts by ${quoted(type)} (post_processor); ByteLevel, RobertaProcessing, BertProcessing and TemplateProcessing can be carried out. Give a tokenizer of your own: see TextTokenizer.`,
        { details: { tokenizer: name, postProcessor: quoted(type) } },
      );
    }
  }
}

/** `["</s>", 2]`; without an id where the token is named and numbered elsewhere. */
function checkPair(pair: unknown, idOf: (token: string) => number | undefined, where: string): void {
  const [token, id]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  if (typeof token !== "string") throw invalid(where, pair, "a token and its id");
  if (id !== undefined && id !== idOf(token))
    throw invalid(`${where}: the id of ${quoted(token)}`, id, `${idOf(token)}, as in the vocabulary`);
}

function checkTemplate(part: JsonObject, idOf: (token: string) => number | undefined, name: string): void {
  const where = `${name}: post_processor.single`;
  const items = part.single;
  if (!Array.isArray(items)) throw invalid(where, items, "a list");
  const kinds = items.map((item: unknown) =>
    isObject(item) && isObject(item.SpecialToken) ? "special" : isObject(item) && isObject(item.Sequence) ? "text" : "?",
  );
  if (kinds.join(" ") !== "special text special" && kinds.join(" ") !== "text") {
    throw new LongspanError(
      "unsupported",
      `${where} is not one special token, the text, and one special token, which is all that the pipelines put around a text. Give a tokenizer of your own: see TextTokenizer.`,
      { details: { tokenizer: name, template: kinds } },
    );
  }
  if (!isObject(part.special_tokens)) return;
  for (const [token, entry] of Object.entries(part.special_tokens)) {
    const ids: unknown = isObject(entry) ? entry.ids : undefined;
    if (!Array.isArray(ids) || ids.length !== 1 || ids[0] !== idOf(token))
      throw invalid(
        `${name}: post_processor.special_tokens: the ids of ${quoted(token)}`,
        ids,
        `the id ${idOf(token)}, as in the vocabulary`,
      );
  }
}

/** Whether spaces are left out of the places of tokens; undefined where they are not. */
export function offsetTrimming(postProcessor: JsonObject | undefined): { readonly addsPrefixSpace: boolean } | undefined {
  const part = partsOf(postProcessor).find((candidate) => ["RobertaProcessing", "ByteLevel"].includes(typeOf(candidate)));
  if (part === undefined || part.trim_offsets === false) return undefined;
  return { addsPrefixSpace: part.add_prefix_space !== false };
}

/** 1 where a pair's second text has token types of its own. RoBERTa has one type for both. */
export function secondTypeIdOf(postProcessor: JsonObject | undefined): 0 | 1 {
  for (const part of partsOf(postProcessor)) {
    if (typeOf(part) === "BertProcessing") return 1;
    if (typeOf(part) !== "TemplateProcessing") continue;
    const second = objectsIn(part.pair).find((item) => isObject(item.Sequence) && item.Sequence.id === "B");
    return isObject(second?.Sequence) && second.Sequence.type_id === 1 ? 1 : 0;
  }
  return 0;
}

/**
 * The special tokens: those of the post-processor, which is what Hugging Face joins texts with; else those that have the role by name.
 */
export function specialTokensOf(
  postProcessor: JsonObject | undefined,
  roles: ReadonlyMap<string, string>,
  idOf: (token: string) => number | undefined,
): Omit<SpecialTokens, "maskTakesSpace"> {
  const around = aroundText(postProcessor);
  const id = (token: string | undefined): number | undefined => (token === undefined ? undefined : idOf(token));
  return {
    classification: id(around.first) ?? id(roles.get("cls_token")),
    separator: id(around.last) ?? id(roles.get("sep_token")),
    mask: id(roles.get("mask_token")) ?? idOf("<mask>") ?? idOf("[MASK]"),
  };
}

function aroundText(postProcessor: JsonObject | undefined): { readonly first?: string | undefined; readonly last?: string | undefined } {
  for (const part of partsOf(postProcessor)) {
    if (typeOf(part) === "RobertaProcessing" || typeOf(part) === "BertProcessing") {
      return { first: tokenOfPair(part.cls), last: tokenOfPair(part.sep) };
    }
    if (typeOf(part) !== "TemplateProcessing") continue;
    const items = objectsIn(part.single);
    return { first: tokenOfItem(items[0]), last: tokenOfItem(items.at(-1)) };
  }
  return {};
}

/** `["</s>", 2]` */
function tokenOfPair(pair: unknown): string | undefined {
  const [token]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  return textOf(token);
}

/** `{ SpecialToken: { id: "</s>" } }` of a template. */
export function tokenOfItem(item: JsonObject | undefined): string | undefined {
  return isObject(item?.SpecialToken) ? textOf(item.SpecialToken.id) : undefined;
}
