import { contentOf, invalid, type ConfiguredTokens } from "./configured-tokens.ts";
import type { JsonObject } from "./json-object.ts";

/** What the files beside a vocabulary say. */
export interface TokenizerParts {
  /** tokenizer_config.json */
  readonly config: JsonObject;
  readonly tokens: ConfiguredTokens;
  /** For messages: tokenizer_config.json, and where it lies. */
  readonly configName: string;
}

/** What a class of tokenizers makes of a vocabulary. */
export interface MadeTokenizer {
  /** In the form of tokenizer.json, without added tokens; special tokens in it have no ids. */
  readonly description: JsonObject;
  /** The special tokens of the class, where no file names others. */
  readonly roles: Readonly<Record<string, string>>;
}

/** The content of a role's token. @throws LongspanError `malformed` where a file says that there is none. */
export function neededRole({ tokens, configName }: TokenizerParts, defaults: Readonly<Record<string, string>>, role: string): string {
  const token = tokens.roles.get(role);
  if (token === null) throw invalid(`${configName}: ${role}`, null, "a token, which texts of this model need");
  return token === undefined ? (defaults[role] ?? "") : contentOf(token);
}

/** A switch of tokenizer_config.json. @throws LongspanError `malformed`. */
export function optionOf<Default extends boolean | undefined>(
  { config, configName }: TokenizerParts,
  key: string,
  fallback: Default,
): boolean | Default {
  const value = config[key];
  if (value === undefined) return fallback;
  if (typeof value === "boolean") return value;
  throw invalid(`${configName}: ${key}`, value, "true or false");
}
