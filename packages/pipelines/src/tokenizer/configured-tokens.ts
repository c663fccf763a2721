import { LongspanError } from "@longspan/core";
import type { AddedToken } from "./added-vocabulary.ts";
import { checkCount, maxAddedTokens } from "./check-count.ts";
import { isObject, type JsonObject } from "./json-object.ts";
import { quoted } from "./quoted.ts";

/** The files beside a vocabulary that say which tokens are added to it. Each with the name that messages give it. */
export interface TokenFiles {
  /** tokenizer_config.json */
  readonly config: NamedObject | undefined;
  /** special_tokens_map.json, of transformers before 5 */
  readonly specialTokensMap: NamedObject | undefined;
  /** added_tokens.json, of transformers before 4.34: contents to ids */
  readonly addedTokens: NamedObject | undefined;
  /** `added_tokens` of tokenizer.json */
  readonly tokenizerTokens: readonly DeclaredToken[];
}

export interface NamedObject {
  readonly name: string;
  readonly value: JsonObject;
}

/** An added token with the id that a file gives it. */
export interface DeclaredToken {
  readonly id: number;
  readonly token: TokenForm;
  /** For messages: the file and the field. */
  readonly where: string;
}

/** An added token as a file has it; how it is looked for may be left to whether it is special. */
export type TokenForm = Omit<AddedToken, "normalized"> & { readonly normalized: boolean | undefined };

/** A role's token: given by its text alone, or with how it is looked for. */
export type RoleToken = string | TokenForm;

export interface ConfiguredTokens {
  /** `mask_token` and the like; null where a file says that there is none, absent where no file says. */
  readonly roles: ReadonlyMap<string, RoleToken | null>;
  /** Other names with tokens (`image_token`, named `extra_special_tokens`), in their order. */
  readonly namedTokens: ReadonlyMap<string, RoleToken>;
  /** `extra_special_tokens`, called `additional_special_tokens` before transformers 5. */
  readonly extraTokens: readonly RoleToken[];
  /** Whether they are called by the new name: a sentencepiece model's own are added where they are not. */
  readonly namesExtra: boolean;
  /** To be added, by their ids in ascending order. */
  readonly declared: readonly DeclaredToken[];
  /** Those whose id another file gives to another token. */
  readonly replaced: readonly DeclaredToken[];
  readonly splitSpecialTokens: boolean;
}

export const roleNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] as const;

type Entries = Map<string, unknown>;

/**
 * Which tokens the files beside a vocabulary add, and which have a role, with transformers 5's precedence (tokenization_utils_base.py,
 * `_from_pretrained` and `__init__`): where tokenizer_config.json has `added_tokens_decoder`, that is all; else special_tokens_map.json wins over
 * tokenizer_config.json, and tokens are added from added_tokens.json and tokenizer.json.
 * @throws LongspanError `malformed` naming the file and the field.
 */
export function configuredTokens({ config, specialTokensMap, addedTokens, tokenizerTokens }: TokenFiles): ConfiguredTokens {
  const where = config?.name ?? "tokenizer_config.json";
  const entries: Entries = new Map(Object.entries(config?.value ?? {}));
  renameAdditional(entries);
  const named = takeNamedTokens(entries);
  const decoder = entries.get("added_tokens_decoder");
  const all =
    decoder === undefined
      ? legacyTokens(entries, named, { specialTokensMap, addedTokens, tokenizerTokens })
      : decoderTokens(decoder, `${where}: added_tokens_decoder`);
  const byId = new Map(all.map((entry) => [entry.id, entry]));
  const declared = [...byId.values()];
  const byContent = new Map(declared.map(({ token }) => [token.content, token]));
  const roles = new Map<string, RoleToken | null>();
  for (const role of roleNames) {
    if (!entries.has(role)) continue;
    const token = roleToken(entries.get(role), `${whereOf(role, where, decoder === undefined ? specialTokensMap : undefined)}: ${role}`);
    roles.set(role, token === null ? null : (byContent.get(contentOf(token)) ?? token));
  }
  const extra = entries.has("extra_special_tokens") ? entries.get("extra_special_tokens") : entries.get("additional_special_tokens");
  return {
    roles,
    namedTokens: namedTokensOf(entries, named, where, roles),
    extraTokens: extraTokensOf(extra, whereOfExtra(entries, where, specialTokensMap)),
    namesExtra: entries.has("extra_special_tokens"),
    declared: declared.toSorted((one, other) => one.id - other.id),
    replaced: all.filter(({ id, token }) => byId.get(id)?.token.content !== token.content),
    splitSpecialTokens: booleanOf(entries.get("split_special_tokens"), `${where}: split_special_tokens`),
  };
}

/** What the library is given to add, in its order: declared tokens, then those of roles and names and the extra ones that are not yet known. */
export function tokensToAdd(
  { roles, namedTokens, extraTokens, declared }: ConfiguredTokens,
  known: ReadonlySet<string>,
): readonly AddedToken[] {
  const toAdd: RoleToken[] = declared.map(({ token }) => token);
  const contents = new Set([...known, ...toAdd.map(contentOf)]);
  const keys = new Set<string>();
  const special = [...roleNames.flatMap((role) => roles.get(role) ?? []), ...namedTokens.values()];
  for (const token of [...special, ...extraTokens]) {
    const key = keyOf(token);
    if (contents.has(contentOf(token)) || keys.has(key)) continue;
    keys.add(key);
    toAdd.push(token);
  }
  const names = new Set(special.map(contentOf));
  return toAdd.map((token) => {
    const form =
      typeof token === "string" ? { ...plain(token), special: true } : { ...token, special: token.special || names.has(token.content) };
    return { ...form, normalized: form.normalized ?? !form.special };
  });
}

export function contentOf(token: RoleToken): string {
  return typeof token === "string" ? token : token.content;
}

/** `additional_special_tokens` stand for `extra_special_tokens` where there are none, or an empty list or object. */
function renameAdditional(entries: Entries): void {
  const extra = entries.get("extra_special_tokens");
  const isEmpty = Array.isArray(extra) ? extra.length === 0 : isObject(extra) ? Object.keys(extra).length === 0 : !extra;
  if (!entries.has("additional_special_tokens") || !isEmpty) return;
  entries.set("extra_special_tokens", entries.get("additional_special_tokens"));
  entries.delete("additional_special_tokens");
}

/** `image_token: "<image>"` and the like, and `extra_special_tokens` that have names. */
function takeNamedTokens(entries: Entries): Entries {
  const named: Entries = new Map();
  for (const [key, value] of entries) {
    if (!key.endsWith("_token") || isRole(key) || typeof value !== "string") continue;
    named.set(key, value);
    entries.delete(key);
  }
  takeNamedExtra(entries, named);
  return named;
}

function takeNamedExtra(entries: Entries, named: Entries): void {
  const extra = entries.get("extra_special_tokens");
  if (!isObject(extra)) return;
  for (const [key, value] of Object.entries(extra)) named.set(key, value);
  entries.delete("extra_special_tokens");
}

function legacyTokens(entries: Entries, named: Entries, files: Omit<TokenFiles, "config">): readonly DeclaredToken[] {
  if (files.specialTokensMap !== undefined) mergeSpecialTokensMap(entries, named, files.specialTokensMap);
  const declared: DeclaredToken[] = [];
  if (files.addedTokens !== undefined) {
    checkCount(Object.keys(files.addedTokens.value).length, maxAddedTokens, files.addedTokens.name, "added tokens");
    const special = specialContents(entries);
    const { name, value } = files.addedTokens;
    for (const [content, given] of Object.entries(value)) {
      const id = idOf(given, `${name}: ${quoted(content)}`);
      const isSpecial = special.has(content);
      declared.push({ id, token: { ...plain(content), normalized: !isSpecial, special: isSpecial }, where: name });
    }
  }
  return [...declared, ...files.tokenizerTokens];
}

function mergeSpecialTokensMap(entries: Entries, named: Entries, { name, value }: NamedObject): void {
  for (const [key, given] of Object.entries(value)) {
    if (isObject(given) && key !== "extra_special_tokens")
      entries.set(key, { ...tokenForm(given, `${name}: ${key}`), special: true, [typed]: true });
    else if (Array.isArray(given) && key === "extra_special_tokens")
      entries.set(key, mergedExtra(entries.get(key), given, `${name}: ${key}`));
    else entries.set(key, given);
  }
  takeNamedExtra(entries, named);
}

function mergedExtra(existing: unknown, given: readonly unknown[], where: string): readonly unknown[] {
  const before: readonly unknown[] = Array.isArray(existing) ? existing : [];
  return [
    ...new Set([
      ...before,
      ...given.map((entry) => (isObject(entry) ? { ...tokenForm(entry, where), special: true, [typed]: true } : entry)),
    ]),
  ];
}

/** Marks tokens that were made here, beside objects that the files write as `{"__type": "AddedToken"}`. */
const typed = Symbol("a token's form");

function specialContents(entries: Entries): ReadonlySet<string> {
  const extra = entries.get("extra_special_tokens");
  const values: unknown[] = [...roleNames.map((role) => entries.get(role)), ...(Array.isArray(extra) ? extra : [])];
  // A token that is written out as an object is none of these yet when transformers compares them.
  return new Set(values.flatMap((value) => (typeof value === "string" ? [value] : isForm(value) ? [value.content] : [])));
}

function decoderTokens(decoder: unknown, where: string): readonly DeclaredToken[] {
  if (!isObject(decoder)) throw invalid(where, decoder, "an object of ids and tokens");
  checkCount(Object.keys(decoder).length, maxAddedTokens, where, "added tokens");
  return Object.entries(decoder).map(([key, value]) => {
    if (!/^\d{1,10}$/.test(key)) throw invalid(where, key, "ids as keys");
    if (!isObject(value)) throw invalid(`${where}.${key}`, value, "an object with content");
    return { id: idOf(Number(key), where), token: tokenForm(value, `${where}.${key}`), where };
  });
}

function namedTokensOf(
  entries: Entries,
  named: Entries,
  where: string,
  roles: Map<string, RoleToken | null>,
): ReadonlyMap<string, RoleToken> {
  const all: Entries = new Map();
  for (const [key, value] of entries) {
    if (key.endsWith("_token") && !isRole(key) && (typeof value === "string" || isForm(value))) all.set(key, value);
  }
  for (const [key, value] of named) all.set(key, value);
  const tokens = new Map<string, RoleToken>();
  for (const [key, value] of all) {
    const token = roleToken(value, `${where}: ${key}`);
    if (token === null) throw invalid(`${where}: ${key}`, value, "a token");
    if (isRole(key)) roles.set(key, token);
    else tokens.set(key, token);
  }
  return tokens;
}

function extraTokensOf(value: unknown, where: string): readonly RoleToken[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(where, value, "a list of tokens");
  return value.map((entry: unknown) => {
    const token = roleToken(entry, where);
    if (token === null) throw invalid(where, entry, "tokens");
    return token;
  });
}

function roleToken(value: unknown, where: string): RoleToken | null {
  if (value === null || typeof value === "string") return value;
  if (isForm(value)) return value;
  if (isObject(value) && value.__type === "AddedToken") return tokenForm(value, where);
  throw invalid(where, value, 'a text or an object with "__type": "AddedToken"');
}

function isForm(value: unknown): value is TokenForm {
  return typeof value === "object" && value !== null && typed in value;
}

/** `{"content": "<mask>", "lstrip": true, …}`; what is left out is false, and `normalized` the contrary of `special`. */
export function tokenForm(value: JsonObject, where: string): TokenForm {
  const { content } = value;
  if (typeof content !== "string") throw invalid(`${where}: content`, content, "a text");
  const flag = (key: string): boolean => booleanOf(value[key], `${where}: ${key}`);
  return {
    content,
    lstrip: flag("lstrip"),
    rstrip: flag("rstrip"),
    singleWord: flag("single_word"),
    normalized: value.normalized === undefined ? undefined : flag("normalized"),
    special: flag("special"),
  };
}

/** @throws LongspanError `malformed` for what is no id: an integer of 31 bits. */
export function idOf(value: unknown, where: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw invalid(where, value, "an id (an integer from 0 on)");
}

export function invalid(where: string, value: unknown, wanted: string): LongspanError {
  return new LongspanError("malformed", `${where} is ${quoted(value)}, not ${wanted}.`, { details: { where, value: quoted(value) } });
}

function booleanOf(value: unknown, where: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw invalid(where, value, "true or false");
}

function whereOf(role: string, config: string, map: NamedObject | undefined): string {
  return map !== undefined && role in map.value ? map.name : config;
}

/** Where the extra tokens come from, of those files that are looked at. */
function whereOfExtra(entries: Entries, config: string, map: NamedObject | undefined): string {
  const key = entries.has("extra_special_tokens") ? "extra_special_tokens" : "additional_special_tokens";
  const usesMap = map !== undefined && !entries.has("added_tokens_decoder") && key in map.value;
  return `${usesMap ? map.name : config}: ${key}`;
}

function plain(content: string): TokenForm {
  return { content, lstrip: false, rstrip: false, singleWord: false, normalized: undefined, special: false };
}

function isRole(key: string): boolean {
  return roleNames.some((role) => role === key);
}

/** Equal of tokens that are looked for in the same way; a text alone is none of them. */
function keyOf(token: RoleToken): string {
  if (typeof token === "string") return JSON.stringify(token);
  const { content, lstrip, rstrip, singleWord, normalized, special } = token;
  return JSON.stringify([content, lstrip, rstrip, singleWord, normalized ?? !special, special]);
}
