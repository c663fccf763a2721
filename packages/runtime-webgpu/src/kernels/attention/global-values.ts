// The rows of the context of global tokens in the re-associated form, from what the splits of the keys found, for GPUs:
//
//     share[s, r]      = exp(top[s, r] - top[r]) / Σ_s exp(top[s, r] - top[r]) sum[s, r],   top[r] = max_s top[s, r]
//     mixed[r, k]      = Σ_s share[s, r] · partial[s, r, k]
//     out[token, e]    = Σ_k weight[e, k] · mixed[(token, head of e), k] + bias[e]
//
// where r counts the heads of global tokens. What a head mixes of the hidden states stays in workgroup memory, 1,024 elements of it at a time. A
// workgroup takes one head of 2 tokens, each weight read once for them.
// Shapes: partial `[items, splits, slots, heads, hidden]`, statistics (top, sum) `[items, splits, slots, heads, 2]`; weight `[hidden, hidden]` (float32
// or float16), bias `[hidden]`; tokens `[batch, tokensStride]`; out `[items, sequence, hidden]`, the rows of global tokens.
// Grid: [1, heads · ⌈slots / 2⌉, items].
// Source: FlashAttention-2 (Dao, arXiv 2307.08691), where keys are split among workgroups; the formulas of `global-splits.ts`.
import type { Kernel } from "../../kernel/kernel.ts";
import { lines, upTo } from "../parts/lines.ts";
import { declareUniforms, entryPoint, storageBuffers } from "../parts/bindings.ts";
import { attentionTokens, tokensOfGroup } from "./attention-tokens.ts";
import { maxSplits } from "./global-splits.ts";
import {
  headWeight,
  type RowKernelOptions,
  rowProducts,
  rowsAtOnce,
  sharesOf,
  sliceInvocations,
  sliceMemory,
  vectorOfFours,
} from "./row-slices.ts";
import { type RowForm, vectorType, vectorReader, vectorWriter } from "./vectors.ts";

export const globalValueFields = {
  sequence: "u32",
  hidden: "u32",
  vectors: "u32",
  heads: "u32",
  headSize: "u32",
  slots: "u32",
  splits: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/** Tokens of a workgroup. */
export const valueTokens = 2;

/** Of four elements, mixed at a time. */
const mixedVectors = 256;

/** How the weight and the context's heads lie in memory. */
export function globalValuesKernel(
  forms: Readonly<Record<"weight" | "out", RowForm>>,
  { maxHeadSize, cut, byEights, memoryBytes }: RowKernelOptions,
): Kernel {
  const partial: RowForm = { storage: "float32", aligned: forms.weight.aligned };
  const each = upTo(valueTokens);
  // Splits whose partial sums are read before they are used.
  const splitsAhead = Math.min(16, 2 * cut.rows * cut.ahead);
  const ahead = upTo(splitsAhead);
  const otherBytes = valueTokens * (12 * maxSplits + 4 * splitsAhead + 16 * mixedVectors) + 8 * maxHeadSize;
  const atOnce = rowsAtOnce(cut, "vec2<f32>", memoryBytes - otherBytes);
  const weight = headWeight("weight", forms.weight, byEights);
  const splitOf = (step: number): string => (step === 0 ? "split" : `min(split + ${step}u, sizes.splits - 1u)`);
  const buffers = storageBuffers(
    {
      partial: vectorType(partial),
      statistics: "vec2<f32>",
      weight: weight.type,
      bias: "f32",
      tokens: "i32",
    },
    { out: vectorType(forms.out) },
  );
  return {
    name: "global-values",
    access: buffers.access,
    code: `${declareUniforms(globalValueFields)}
${buffers.declarations}
${vectorReader("read_partial", "partial", partial, "sizes.hidden")}
${weight.reader}
${vectorWriter("write_out", "out", forms.out, "sizes.headSize")}
/** Top and sum of each split and token, and its share; none of splits that there are not. */
var<workgroup> found: array<vec2<f32>, ${valueTokens * maxSplits}>;
var<workgroup> split_shares: array<f32, ${valueTokens * (maxSplits + splitsAhead)}>;
var<workgroup> mixed: array<vec4<f32>, ${valueTokens * mixedVectors}>;
/** Of an element of the head, what the two tokens have. */
var<workgroup> sums: array<vec2<f32>, ${maxHeadSize}>;
${sliceMemory("vec2<f32>", sharesOf(atOnce))}

${entryPoint(sliceInvocations)}
  ${tokensOfGroup(valueTokens)}
  let rows = sizes.slots * sizes.heads;
  let first_row = item * sizes.splits * rows + head;
  ${lines(each, (one) => `let row${one} = first_row + min(token + ${one}u, globals - 1u) * sizes.heads;`)}
  let own_split = lane / ${valueTokens}u;
  if (own_split < sizes.splits) { found[lane] = statistics[select(row0, row1, lane % ${valueTokens}u == 1u) + own_split * rows]; }
  workgroupBarrier();
  if (own_split < ${maxSplits + splitsAhead}u) {
    let last = max(sizes.splits, 1u) - 1u;
    let own_token = lane % ${valueTokens}u;
    var top = found[own_token].x;
    for (var split = 0u; split < sizes.splits; split += ${ahead.length}u) {
      ${ahead.map((step) => `top = max(top, found[${splitOf(step)} * ${valueTokens}u + own_token].x);`).join(" ")}
    }
    var sum = 0.0;
    for (var split = 0u; split < sizes.splits; split += ${ahead.length}u) {
      ${lines(ahead, (step) => `{ let other = found[${splitOf(step)} * ${valueTokens}u + own_token]; sum += select(0.0, exp(other.x - top) * other.y, split + ${step}u <= last); }`)}
    }
    let share = select(0.0, exp(found[min(own_split, last) * ${valueTokens}u + own_token].x - top) / sum, own_split < sizes.splits);
    split_shares[lane] = share;
  }
  for (var from_vector = 0u; from_vector < sizes.vectors; from_vector += ${mixedVectors}u) {
    let count = min(${mixedVectors}u, sizes.vectors - from_vector);
    workgroupBarrier();
    for (var at = lane; at < ${valueTokens}u * count; at += ${sliceInvocations}u) {
      let one = at / count;
      let row = select(row0, row1, one == 1u);
      var value = vec4<f32>();
      for (var split = 0u; split < sizes.splits; split += ${splitsAhead}u) {
        ${lines(ahead, (step) => `let partial${step} = read_partial((row + ${splitOf(step)} * rows) * sizes.hidden, from_vector + at % count);`)}
        ${lines(ahead, (step) => `value += split_shares[(split + ${step}u) * ${valueTokens}u + one] * partial${step};`)}
      }
      mixed[one * ${mixedVectors}u + at % count] = value;
    }
    workgroupBarrier();
    ${rowProducts({
      sums: "vec2<f32>",
      cut,
      atOnce,
      rows: "sizes.headSize",
      vectors: byEights ? "(count / 2u)" : "count",
      weight: (row, vector) => weight.vector(row, `${byEights ? "from_vector / 2u" : "from_vector"} + ${vector}`),
      elements: (vector) =>
        each.map((one) =>
          byEights
            ? vectorOfFours(`mixed[${one * mixedVectors}u + 2u * ${vector}]`, `mixed[${one * mixedVectors + 1}u + 2u * ${vector}]`)
            : vectorOfFours(`mixed[${one * mixedVectors}u + ${vector}]`),
        ),
      take: (row, own) => `var before = vec2<f32>(bias[head * sizes.headSize + ${row}]);
      if (from_vector > 0u) { before = sums[${row}]; }
      sums[${row}] = before + ${own};`,
    })}
  }
  let fours = (sizes.headSize + 3u) / 4u;
  let one = lane / max(fours, 1u);
  if (one >= ${valueTokens}u || token + one >= globals) { return; }
  let position = u32(tokens[list + ${attentionTokens.positions}u + token + one]);
  let four = lane % max(fours, 1u);
  let last = sizes.headSize - 1u;
  let value = vec4<f32>(${upTo(4)
    .map((element) => `sums[min(4u * four + ${element}u, last)][one]`)
    .join(", ")});
  write_out((item * sizes.sequence + position) * sizes.hidden + head * sizes.headSize, four, value);
}`,
  };
}
