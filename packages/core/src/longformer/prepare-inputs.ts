import { checkSettled } from "../arguments/check-settled.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { GraphTensor } from "../graph/value.ts";
import { readFloats, readIntegers, type RawTensor } from "../graph/raw-tensor.ts";
import { checkParsedConfig } from "./check-parsed-config.ts";
import type { LongformerConfig } from "./config.ts";
import { applyGlobalAttentionPolicy, type GlobalAttentionPolicy } from "./global-attention-policy.ts";
import { globalAttentionPolicy, inputAxes, type AnyHead } from "./head-definition.ts";

/**
 * What a caller has, under Hugging Face's names: tensors or nested lists, `[batch, sequence]` (multiple choice: `[batch, choices,
 * sequence]`); `inputs_embeds` has the hidden size as one more axis and stands in place of `input_ids`.
 */
export interface RawLongformerInputs {
  /** Token ids, integers `[batch, sequence]` (multiple choice: `[batch, choices, sequence]`). Either these or `inputs_embeds`. */
  readonly input_ids?: RawTensor | undefined;
  /** float32 `[batch, sequence, hidden]` in place of word embeddings. */
  readonly inputs_embeds?: RawTensor | undefined;
  /** 0 masked, 1 attended to, 2 attended to and global. Default: all 1. */
  readonly attention_mask?: RawTensor | undefined;
  /** 1 for global tokens. Default: what the head's policy says. */
  readonly global_attention_mask?: RawTensor | undefined;
  /** Default: all 0. */
  readonly token_type_ids?: RawTensor | undefined;
  /** Default: counted, see `prepareInputs`. */
  readonly position_ids?: RawTensor | undefined;
}

const inputNames: readonly string[] = [
  "input_ids",
  "inputs_embeds",
  "attention_mask",
  "global_attention_mask",
  "token_type_ids",
  "position_ids",
];

/**
 * Fills in what Hugging Face fills in, and gives exactly the inputs of `longformerGraph`, as int32:
 *
 * - attention_mask: 1 everywhere, even on padding (as transformers does: give the tokenizer's mask when there is padding);
 * - global_attention_mask: `globalAttentionPolicy` of the head. A 2 in attention_mask marks a global token too, and then the policy is
 *   not asked;
 * - position_ids: from the ids, whatever the mask says: the n-th token that is not `pad_token_id` has `pad_token_id + n`, padding has
 *   `pad_token_id` (fairseq's numbering; transformers, `create_position_ids_from_input_ids`). For inputs_embeds all count;
 * - token_type_ids: 0.
 *
 * Pure: nothing given is changed.
 * @throws LongspanError `argument-invalid` for what is no configuration or head; `inputs-invalid` for what is missing, ragged or of another shape; `separators-mismatch`; `sequence-too-long`.
 */
export function prepareInputs(config: LongformerConfig, head: AnyHead, raw: RawLongformerInputs): Record<string, GraphTensor> {
  checkParsedConfig(config);
  const axes = inputAxes(head);
  checkSettled(raw, "What the inputs are prepared of", "await before it");
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw invalid("input_ids", "Inputs are given by name: write prepareInputs(config, head, { input_ids: [[0, 5, 2]] }).");
  const unknown = Object.keys(raw).find((name) => !inputNames.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `"${unknown}" is not an input of a Longformer; inputs are ${inputNames.join(", ")}.`);
  const { words, ids, shape } = readWords(config, raw, axes);
  const given = (name: Exclude<keyof RawLongformerInputs, "input_ids" | "inputs_embeds">): Int32Array | undefined => {
    const value = raw[name];
    return value === undefined ? undefined : readIntegers(name, value, axes, shape).data;
  };
  const length = shape.reduce((product, size) => product * size, 1);
  const sequence = shape.at(-1) ?? 1;

  const mask = given("attention_mask") ?? new Int32Array(length).fill(1);
  const marksGlobals = mask.includes(2);
  const globals =
    given("global_attention_mask") ??
    (marksGlobals ? new Int32Array(length) : defaultGlobals(globalAttentionPolicy(config, head), ids, length, sequence));
  const values = {
    attention_mask: mask.map((code) => (code === 2 ? 1 : code)),
    global_attention_mask: globals.map((flag, index) => (mask[index] === 2 ? 1 : flag)),
    position_ids: given("position_ids") ?? countPositions(config, ids, length, sequence),
    token_type_ids: given("token_type_ids") ?? new Int32Array(length),
  };
  return {
    ...words,
    ...Object.fromEntries(Object.entries(values).map(([name, data]): [string, GraphTensor] => [name, { dataType: "int32", shape, data }])),
  };
}

interface Words {
  readonly words: Readonly<Record<string, GraphTensor>>;
  /** Undefined when the words came as vectors. */
  readonly ids: Int32Array | undefined;
  readonly shape: readonly number[];
}

function readWords(config: LongformerConfig, { input_ids, inputs_embeds }: RawLongformerInputs, axes: readonly string[]): Words {
  if (input_ids !== undefined && inputs_embeds !== undefined)
    throw invalid("inputs_embeds", "Both input_ids and inputs_embeds are given; give one of them.");
  if (input_ids !== undefined) {
    const ids = readIntegers("input_ids", input_ids, axes);
    return { words: { input_ids: ids }, ids: ids.data, shape: ids.shape };
  }
  if (inputs_embeds === undefined) throw invalid("input_ids", "Neither input_ids nor inputs_embeds is given; give one of them.");
  const vectors = readFloats("inputs_embeds", inputs_embeds, [...axes, "hidden"]);
  if (vectors.shape.at(-1) !== config.hiddenSize) {
    throw invalid(
      "inputs_embeds",
      `inputs_embeds has shape [${vectors.shape.join(", ")}]; its last axis has to be the hidden size, ${config.hiddenSize}.`,
    );
  }
  return { words: { inputs_embeds: vectors }, ids: undefined, shape: vectors.shape.slice(0, -1) };
}

function defaultGlobals(policy: GlobalAttentionPolicy, ids: Int32Array | undefined, length: number, sequence: number): Int32Array {
  if (ids !== undefined || policy.kind !== "separator") return applyGlobalAttentionPolicy(policy, ids ?? new Int32Array(length), sequence);
  throw invalid(
    "global_attention_mask",
    "This head finds its global tokens by the separators in input_ids; with inputs_embeds give global_attention_mask yourself.",
  );
}

function countPositions(config: LongformerConfig, ids: Int32Array | undefined, length: number, sequence: number): Int32Array {
  const { padTokenId, maxPositions } = config;
  const positions = new Int32Array(length).fill(padTokenId);
  for (let start = 0; start < length; start += sequence) {
    let count = 0;
    for (let index = start; index < start + sequence; index++) if (ids?.[index] !== padTokenId) positions[index] = padTokenId + ++count;
    if (padTokenId + count >= maxPositions) {
      const room = Math.max(0, maxPositions - padTokenId - 1);
      throw new LongspanError(
        "sequence-too-long",
        `Row ${start / sequence} has ${count} tokens (padding not counted); this model has positions for ${room} (max_position_embeddings ${maxPositions}, the first token's position is ${padTokenId + 1}). Shorten the input, or run it in overlapping parts.`,
        { details: { row: start / sequence, tokens: count, limit: room } },
      );
    }
  }
  return positions;
}

function invalid(input: string, message: string): LongspanError {
  return new LongspanError("inputs-invalid", message, { details: { input } });
}
