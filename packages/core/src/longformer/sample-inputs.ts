import type { LongformerConfig } from "./config.ts";
import type { GlobalAttentionPolicy } from "./global-attention-policy.ts";
import { globalAttentionPolicy, headRecord, type AnyHead } from "./head-definition.ts";
import type { RawLongformerInputs } from "./prepare-inputs.ts";

/** Inputs for a model, and what they are good for. */
export interface SampleInputs {
  /** For people: what is special about them. */
  readonly name: string;
  /** As `prepareInputs` takes them. */
  readonly inputs: RawLongformerInputs;
}

/** Beyond half the widest window: so many tokens do not see each other, and a wrong window shows. */
const tokensBeyondWindow = 40;

/** A model with a window of thousands must not make a check of minutes. */
const maxSampleLength = 1024;

/**
 * Inputs that let a model show what it does, the same on every machine: a row shorter than the windows, one that is longer than half the
 * widest, rows of different lengths with padding, and global tokens given, another number in each row. Except in the last, global
 * tokens are left to the head's policy, and the rows have the separators it looks for. For multiple choice each row stands for a choice.
 * Ids are spread over the whole vocabulary; lengths fit the position table.
 */
export function sampleInputs(config: LongformerConfig, head: AnyHead): readonly SampleInputs[] {
  const policy = globalAttentionPolicy(config, head);
  const { choices } = headRecord(head);
  const beyondWindow = Math.min(Math.max(...config.attentionWindow) / 2 + tokensBeyondWindow, maxSampleLength);
  const rows = (wanted: readonly number[]): Rows => sampleRows(config, policy, wanted);
  const batched = (values: number[][]): number[][] | number[][][] =>
    choices ? [values.slice(0, values.length / 2), values.slice(values.length / 2)] : values;
  const sample = (name: string, { ids, mask, globals }: Rows, parts: readonly (keyof RawLongformerInputs)[]): SampleInputs => {
    const all: RawLongformerInputs = { input_ids: batched(ids), attention_mask: batched(mask), global_attention_mask: batched(globals) };
    return { name, inputs: Object.fromEntries(Object.entries(all).filter(([key]) => parts.some((part) => part === key))) };
  };
  // Two choices and two questions at the least, so that axes cannot be mistaken for each other.
  const one = (length: number): number[] => (choices ? [length, length] : [length]);
  return [
    sample("a short row", rows(one(7)), ["input_ids"]),
    sample("a row beyond the window", rows(one(beyondWindow)), ["input_ids"]),
    sample("rows with padding", rows([19, 8, 13, 16]), ["input_ids", "attention_mask"]),
    sample("global tokens given", rows([11, 6, 9, 10]), ["input_ids", "attention_mask", "global_attention_mask"]),
  ];
}

interface Rows {
  readonly ids: number[][];
  readonly mask: number[][];
  readonly globals: number[][];
}

function sampleRows(config: LongformerConfig, policy: GlobalAttentionPolicy, wanted: readonly number[]): Rows {
  const words = ordinaryWords(config);
  const room = config.maxPositions - config.padTokenId - 1;
  const lengths = wanted.map((length) => Math.max(1, Math.min(length, room)));
  const longest = Math.max(...lengths);
  const table = (value: (row: number, position: number, length: number) => number): number[][] =>
    lengths.map((length, row) => Array.from({ length: longest }, (_, position) => value(row, position, length)));
  return {
    ids: table((row, position, length) => {
      if (position >= length) return config.padTokenId;
      if (policy.kind === "separator" && isSeparatorPlace(position, length, policy.count)) return policy.tokenId;
      return words[spread(row * longest + position) % words.length] ?? 0;
    }),
    mask: table((_, position, length) => Number(position < length)),
    globals: table((row, position, length) => Number(position % (row + 3) === 0 && position < length)),
  };
}

/** The last token, and one or two others that stand side by side, near the beginning where there is room. */
function isSeparatorPlace(position: number, length: number, count: 2 | 3): boolean {
  const first = Math.min(4, length - count);
  return position === length - 1 || (position >= first && position < first + count - 1);
}

function ordinaryWords({ vocabSize, padTokenId, bosTokenId, eosTokenId, sepTokenId }: LongformerConfig): readonly number[] {
  const special = new Set([padTokenId, bosTokenId, eosTokenId, sepTokenId]);
  return Array.from({ length: vocabSize }, (_, id) => id).filter((id) => !special.has(id));
}

/** Multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4): neighbours land far from each other. */
function spread(index: number): number {
  return Math.imul(index + 1, 2654435761) >>> 0;
}
