import { isObject, objectsIn, textOf, typeOf, type JsonObject } from "./json-object.ts";
import type { SpecialTokens } from "./text-tokenizer.ts";

/** The parts of a post-processor (tokenizer.json, `post_processor`), one after the other. */
function partsOf(postProcessor: JsonObject | undefined): readonly JsonObject[] {
  if (postProcessor === undefined) return [];
  return typeOf(postProcessor) === "Sequence" ? objectsIn(postProcessor.processors) : [postProcessor];
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

function tokenOfItem(item: JsonObject | undefined): string | undefined {
  return isObject(item?.SpecialToken) ? textOf(item.SpecialToken.id) : undefined;
}
