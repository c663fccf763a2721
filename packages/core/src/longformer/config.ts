import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import { allenaiMarkers } from "./allenai-markers.ts";
import { isWindow, maxWindow, windowsOfLayers, type AttentionWindows } from "./attention-windows.ts";

/** A Longformer's configuration, as far as the model's mathematics and its parameters' shapes need it. */
export interface LongformerConfig {
  /** `vocab_size`: rows of the word embeddings. */
  readonly vocabSize: number;
  /** `hidden_size`: numbers that stand for a token. */
  readonly hiddenSize: number;
  /** `num_hidden_layers`. */
  readonly layers: number;
  /** `num_attention_heads`; divides the hidden size. */
  readonly heads: number;
  /** `intermediate_size` of the feed-forward layers. */
  readonly intermediateSize: number;
  /** `max_position_embeddings`: rows of the position table, those for no position among them: base has 4098 for 4,096 tokens. */
  readonly maxPositions: number;
  /** `type_vocab_size`: rows of the table of token types. */
  readonly typeVocabSize: number;
  /** Total window of each layer (both sides together, without the token itself); even. */
  readonly attentionWindow: readonly number[];
  /** `hidden_act`: `gelu`, `relu`, … */
  readonly hiddenActivation: string;
  /** `layer_norm_eps`, added to variances. */
  readonly layerNormEpsilon: number;
  /** `pad_token_id`; positions are counted from the one behind it. */
  readonly padTokenId: number;
  /** `bos_token_id`: the token `<s>`. */
  readonly bosTokenId: number;
  /** `eos_token_id`: the token `</s>`. */
  readonly eosTokenId: number;
  /** `sep_token_id`: by which question answering finds the question. */
  readonly sepTokenId: number;
  /** Rows of a classifier; undefined when the configuration does not say (Hugging Face then takes 2). */
  readonly labels: number | undefined;
  /** `tie_word_embeddings`: whether a masked language model's decoder repeats the word embeddings. */
  readonly tieWordEmbeddings: boolean;
  /** The config.json this came from, in Hugging Face's meaning, whole but for keys of the class that were null: unknown keys survive a conversion. */
  readonly source: Readonly<Record<string, unknown>>;
}

/** A configuration in Longspan's terms, and what there was to say of it. */
export interface ParsedConfig {
  /** The model's sizes, checked. */
  readonly config: LongformerConfig;
  /** Sentences for the user: keys that were missing, windows that were doubled. */
  readonly notes: readonly string[];
  /** A RoBERTa with Longformer's attention, saved as a RoBERTa. */
  readonly isGraft: boolean;
}

/** What `LongformerConfig()` of transformers 5.18 has when a key is missing. Not the published models' values: see `publishedConfigs`. */
const classDefaults: Readonly<Record<string, unknown>> = {
  attention_window: 512,
  sep_token_id: 2,
  pad_token_id: 1,
  bos_token_id: 0,
  eos_token_id: 2,
  vocab_size: 30522,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  hidden_act: "gelu",
  max_position_embeddings: 512,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  tie_word_embeddings: true,
};

/** Far above any Longformer; a crafted config must not make us build a list of 2^50 layers. */
const limits = { layers: 1024, dimension: 2 ** 31 - 1 };

/** Labels of a classifier: above the largest sets that classifiers are trained for, and few enough to name every one of them. */
export const maxLabels: number = 2 ** 20;

/** A configuration in Hugging Face's meaning, of a Longformer's class. */
export interface NormalisedConfig {
  readonly config: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
  readonly isGraft: boolean;
}

/** What config.json holds, as an object of keys. @throws LongspanError `config-invalid` */
export function configKeys(raw: unknown, origin: string): Readonly<Record<string, unknown>> {
  if (typeof raw === "object" && raw !== null && !Array.isArray(raw)) return { ...raw };
  throw new LongspanError("config-invalid", `${origin} holds ${describeType(raw)}; a model configuration is a JSON object.`);
}

/**
 * A Longformer's configuration as Hugging Face writes it, with the given windows; undefined for one that has to be brought to that meaning first, or refused:
 * see `parseLongformerConfig`, which the rest of opening does not need.
 */
export function ownConfig(
  given: Readonly<Record<string, unknown>>,
  origin: string,
  window: AttentionWindows | undefined,
): NormalisedConfig | undefined {
  const isOwn = (given.model_type ?? "longformer") === "longformer" && allenaiMarkers(given).length === 0;
  return isOwn ? withWindows({ config: given, notes: [] }, origin, window) : undefined;
}

/** The given windows win over the configuration's, and it is said where that makes a difference. */
export function withWindows(
  { config, notes }: Pick<NormalisedConfig, "config" | "notes">,
  origin: string,
  window: AttentionWindows | undefined,
): NormalisedConfig {
  if (window === undefined) return { config, notes, isGraft: false };
  const said: unknown = config.attention_window;
  return {
    config: { ...config, attention_window: window },
    notes: [
      ...notes,
      ...(said === undefined || sameWindows(said, window)
        ? []
        : [`${origin} says attention_window ${shownValue(said)}; the given ${JSON.stringify(window)} is taken instead.`]),
    ],
    isGraft: false,
  };
}

/** Reads the keys of a Longformer's configuration in Hugging Face's meaning. @throws LongspanError `config-invalid` naming the key, `argument-invalid` */
export function readConfig(
  { config: given, notes: normalised, isGraft }: NormalisedConfig,
  origin: string,
  window: AttentionWindows | undefined,
): ParsedConfig {
  const missing = Object.keys(classDefaults).filter((key) => given[key] === undefined && key !== "tie_word_embeddings");
  const empty = Object.keys(classDefaults).filter((key) => given[key] === null);
  const source = without(given, empty);
  const read = new ConfigReader(definedOnly(source), origin);

  const layers = read.count("num_hidden_layers", limits.layers);
  const attentionWindow = window === undefined ? read.windows("attention_window", layers) : windowsOfLayers(window, layers);
  const hiddenSize = read.count("hidden_size");
  const heads = read.count("num_attention_heads");
  if (hiddenSize % heads !== 0) {
    throw read.wrong("num_attention_heads", heads, `a divisor of hidden_size (${hiddenSize})`);
  }
  const config: LongformerConfig = {
    vocabSize: read.count("vocab_size"),
    hiddenSize,
    layers,
    heads,
    intermediateSize: read.count("intermediate_size"),
    maxPositions: read.count("max_position_embeddings"),
    typeVocabSize: read.count("type_vocab_size"),
    attentionWindow,
    hiddenActivation: read.text("hidden_act"),
    layerNormEpsilon: read.positive("layer_norm_eps"),
    padTokenId: read.paddingId(),
    bosTokenId: read.id("bos_token_id"),
    eosTokenId: read.id("eos_token_id"),
    sepTokenId: read.id("sep_token_id"),
    labels: read.labels(),
    tieWordEmbeddings: read.flag("tie_word_embeddings"),
    source,
  };
  const notes = [...normalised];
  if (missing.length > 0) notes.push(`${origin} does not say ${missing.join(", ")}: transformers' class defaults are taken.`);
  if (empty.length > 0) {
    const taken = empty.map((key) => shownValue(classDefaults[key])).join(", ");
    notes.push(`${origin} says null for ${empty.join(", ")}: transformers' class defaults are taken (${taken}).`);
  }
  return { config, notes, isGraft };
}

/**
 * A configuration without keys of the class that are null, so that whoever reads what is written takes the class's defaults, too. transformers 5.18
 * refuses null, or counts no positions with it (`pad_token_id`).
 */
function without(config: Readonly<Record<string, unknown>>, keys: readonly string[]): Readonly<Record<string, unknown>> {
  return keys.length === 0 ? config : Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
}

function definedOnly(source: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== null));
}

export function describeType(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

class ConfigReader {
  readonly #said: Readonly<Record<string, unknown>>;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #origin: string;

  constructor(said: Readonly<Record<string, unknown>>, origin: string) {
    this.#said = said;
    this.#values = { ...classDefaults, ...said };
    this.#origin = origin;
  }

  wrong(key: string, found: unknown, expected: string): LongspanError {
    const says = Object.hasOwn(this.#said, key)
      ? `says ${key} ${shownValue(found)}`
      : `does not say ${key}, and transformers' default, ${shownValue(found)}, does not fit`;
    return new LongspanError("config-invalid", `${this.#origin} ${says}; expected ${expected}.`, { details: { key, found } });
  }

  count(key: string, max: number = limits.dimension): number {
    const value = this.#values[key];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max) {
      throw this.wrong(key, value, `an integer from 1 to ${max}`);
    }
    return value;
  }

  id(key: string): number {
    const value = this.#values[key];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0) throw this.wrong(key, value, "a token id, 0 or more");
    return value;
  }

  /** An embedding of that row has to be there: torch refuses to make one without. */
  paddingId(): number {
    const id = this.id("pad_token_id");
    const vocabulary = this.count("vocab_size");
    if (id >= vocabulary) throw this.wrong("pad_token_id", id, `a token id below vocab_size (${vocabulary})`);
    return id;
  }

  positive(key: string): number {
    const value = this.#values[key];
    if (typeof value !== "number" || !(value > 0)) throw this.wrong(key, value, "a number above 0");
    return value;
  }

  text(key: string): string {
    const value = this.#values[key];
    if (typeof value !== "string") throw this.wrong(key, value, "a name");
    return value;
  }

  flag(key: string): boolean {
    const value = this.#values[key];
    if (typeof value !== "boolean") throw this.wrong(key, value, "true or false");
    return value;
  }

  /** One number for all layers, or one for each. */
  windows(key: string, layers: number): readonly number[] {
    const value = this.#values[key];
    const list: unknown[] = Array.isArray(value) ? value : Array.from({ length: layers }, () => value);
    const windows = list.filter(isWindow);
    if (windows.length !== list.length) throw this.wrong(key, value, `even integers above 0, at most ${maxWindow}`);
    if (windows.length !== layers) throw this.wrong(key, value, `one window for each of ${layers} layers (found ${windows.length})`);
    return windows;
  }

  labels(): number | undefined {
    const names = this.#values.id2label;
    if (typeof names === "object" && names !== null) {
      const count = Object.keys(names).length;
      if (count > maxLabels) throw this.wrong("id2label", count, `at most ${maxLabels} labels`);
      return count;
    }
    return this.#values.num_labels === undefined ? undefined : this.count("num_labels", maxLabels);
  }
}

function sameWindows(said: unknown, given: AttentionWindows): boolean {
  if (typeof given === "number" || !Array.isArray(said)) return said === given;
  return said.length === given.length && given.every((window, layer) => said[layer] === window);
}
