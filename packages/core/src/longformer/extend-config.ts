import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { windowsOfLayers, type AttentionWindows } from "./attention-windows.ts";
import type { ParsedConfig } from "./config.ts";
import { parseLongformerConfig } from "./parse-config.ts";
import { foreignModelType, isRobertaModelType, robertaAsLongformerConfig, robertaModelTypes } from "./roberta-config.ts";

/** What a RoBERTa is to become. */
export interface ExtendOptions {
  /** Tokens that the Longformer shall read: more than the RoBERTa's, and a multiple of each window. */
  readonly maxLength: number;
  /** Even; the recipe's is 512. */
  readonly window: AttentionWindows;
}

/** What was done to a RoBERTa, for reports. */
export interface Extension {
  /** The source's `model_type`: `roberta`, `xlm-roberta` or `camembert`. */
  readonly modelType: string;
  /** Tokens that it read, and that the Longformer reads. */
  readonly sourceLength: number;
  /** Tokens that the Longformer reads. */
  readonly maxLength: number;
  /** One for each layer. */
  readonly window: readonly number[];
  /** Rows at the beginning of the position table that stand for no position: padding's, and those before it. */
  readonly reservedPositions: number;
}

/**
 * The configuration of the Longformer that the published recipe makes of a RoBERTa (`create_long_model` of
 * `scripts/convert_model_to_long.ipynb` in allenai/longformer): `max_position_embeddings` and `attention_window` are new, all else is the source's.
 * The recipe's two reserved positions are `pad_token_id + 1` of them, which is two for every published RoBERTa.
 * @throws LongspanError `argument-invalid` for lengths and windows that are not possible; `not-a-longformer` for another model's
 * configuration; `config-invalid`; `unsupported` for what a Longformer does not have.
 */
export function extendConfig(raw: unknown, origin: string, options: ExtendOptions): ParsedConfig & { readonly extension: Extension } {
  checkOptions(options, { maxLength: true, window: true } satisfies OptionNames<ExtendOptions>, "the option extend");
  const given: Readonly<Record<string, unknown>> = typeof raw === "object" && raw !== null && !Array.isArray(raw) ? { ...raw } : {};
  if (!isRobertaModelType(given.model_type)) throw notARoberta(raw, given.model_type, origin);
  const asLongformer = robertaAsLongformerConfig(given, origin);
  // The window is checked against the layers below; the source has none of its own.
  const source = parseLongformerConfig({ ...asLongformer, attention_window: 2 }, origin).config;
  const reservedPositions = source.padTokenId + 1;
  const extension: Extension = {
    modelType: String(given.model_type),
    sourceLength: source.maxPositions - reservedPositions,
    maxLength: options.maxLength,
    window: windowsOfLayers(options.window, source.layers),
    reservedPositions,
  };
  checkLength(extension, origin, source.hiddenSize);
  const parsed = parseLongformerConfig(
    { ...asLongformer, attention_window: extension.window, max_position_embeddings: options.maxLength + reservedPositions },
    origin,
  );
  return { ...parsed, extension };
}

/** A float64 at most. */
const maxElementBytes = 8;

/** How many tokens there can be positions for: rows are int32 in every framework, and places in a file exact in JavaScript up to 2⁵³. */
function mostTokens({ reservedPositions }: Extension, hiddenSize: number): number {
  return Math.min(2 ** 31 - 1, Math.floor(Number.MAX_SAFE_INTEGER / maxElementBytes / hiddenSize)) - reservedPositions;
}

function checkLength(extension: Extension, origin: string, hiddenSize: number): void {
  const { maxLength, sourceLength, window, reservedPositions } = extension;
  const wrong = (why: string): LongspanError =>
    new LongspanError("argument-invalid", `The length ${maxLength} (--max-length, option maxLength) ${why}.`, {
      details: { maxLength, sourceLength, window },
    });
  if (!Number.isSafeInteger(maxLength) || maxLength < 1) throw wrong("is no integer of tokens, 1 or more");
  const most = mostTokens(extension, hiddenSize);
  if (maxLength > most) {
    throw wrong(
      `is more than the ${most} tokens that can be: each has a row in the table of positions, whose numbers are int32 in every framework, and ${reservedPositions} rows stand for no token. Give less, such as 4096`,
    );
  }
  if (maxLength <= sourceLength) {
    throw wrong(
      `is not more than the ${sourceLength} tokens that the model reads already (${origin}): the recipe only lengthens. Give more, such as 4096`,
    );
  }
  const uneven = window.find((one) => maxLength % one !== 0);
  if (uneven !== undefined) {
    const below = maxLength - (maxLength % uneven);
    throw wrong(
      `is no multiple of the window ${uneven}, to which texts are padded. Give ${below > sourceLength ? `${below} or ` : ""}${below + uneven}, or another window`,
    );
  }
}

function notARoberta(raw: unknown, modelType: unknown, origin: string): LongspanError {
  if (modelType === "longformer") {
    return new LongspanError(
      "not-a-longformer",
      `${origin} says model_type "longformer", but the tensors have a RoBERTa's attention. If they are a RoBERTa's, give its own configuration with --config (option config).`,
      { details: { modelType } },
    );
  }
  if (typeof modelType === "string") return foreignModelType(modelType, origin);
  return new LongspanError(
    "config-invalid",
    typeof raw === "object" && raw !== null && !Array.isArray(raw)
      ? `${origin} does not say model_type, and a model with these names could be a BERT, whose positions are others. If it is a RoBERTa, say so: "model_type", one of ${robertaModelTypes}.`
      : `${origin} is no JSON object, as a model configuration is.`,
    { details: { key: "model_type" } },
  );
}
