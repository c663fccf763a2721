// The queries of global tokens, taken through the key projection so that they meet hidden states instead of keys, for GPUs:
//
//     query[token, e]        = Σ_k queryWeight[e, k] · hidden[token, k] + queryBias[e]
//     folded[token, head, k] = Σ_e query[token, head · headSize + e] · keyWeight[head · headSize + e, k]
//
// since query · (keyWeight x + keyBias) = (keyWeightᵀ query) · x plus a constant, which softmax does not see. Both in one kernel: each product is a
// few microseconds of work, as long as it takes to start another. A workgroup makes one head's queries of 4 tokens, each weight read once for them, and
// then 384 elements of what they fold to; those that make others of the same head make the same queries again.
// Shapes: queryWeight and keyWeight `[hidden, hidden]` (float32 or float16), queryBias `[hidden]`; hidden `[items, sequence, hidden]`; tokens `[batch,
// tokensStride]`; folded `[items, slots, heads, hidden]`.
// Grid: [⌈hidden / 384⌉, heads · ⌈slots / 4⌉, items].
// Source: the formulas of `global-splits.ts`; the arrangement is our own.
import type { Kernel } from "../../kernel/kernel.ts";
import { lines, upTo } from "../parts/lines.ts";
import { declareUniforms, entryPoint, storageBuffers } from "../parts/bindings.ts";
import { attentionTokens, tokensOfGroup } from "./attention-tokens.ts";
import {
  headWeight,
  type RowKernelOptions,
  rowProducts,
  rowsAtOnce,
  type RowVector,
  sharesOf,
  sliceInvocations,
  sliceMemory,
  vectorOfFours,
  vectorOfHalves,
} from "./row-slices.ts";
import { type RowForm, vectorType, vectorReader, vectorWriter } from "./vectors.ts";

export const globalQueryFields = {
  sequence: "u32",
  hidden: "u32",
  vectors: "u32",
  heads: "u32",
  headSize: "u32",
  slots: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/** Tokens of a workgroup, and elements of what they fold to. */
export const queryTokens = 4;
export const foldedColumns = 384;

/** How the weights, the hidden states and the folded queries lie in memory. */
export function globalQueriesKernel(
  forms: Readonly<Record<"weight" | "hidden" | "folded", RowForm>>,
  { maxHeadSize, cut, byEights, memoryBytes }: RowKernelOptions,
): Kernel {
  const each = upTo(queryTokens);
  /** Of a vector; and how many of them a workgroup folds to. */
  const fours = upTo(byEights ? 2 : 1);
  const vectorsAtOnce = foldedColumns / (4 * fours.length);
  /** Invocations that share the sum of a vector; those that are left over have none. */
  const parts = Math.floor(sliceInvocations / vectorsAtOnce);
  const sharesBytes = memoryBytes - 16 * maxHeadSize;
  const atOnce = rowsAtOnce(cut, "vec4<f32>", sharesBytes);
  /** Fours of tokens, and how many of them are summed at once: as many as have room. */
  const folds = each.flatMap((token) => fours.map((four) => ({ token, four, index: token * fours.length + four })));
  const foldsAtOnce = Math.max(1, Math.min(folds.length, Math.floor(sharesBytes / (16 * parts * vectorsAtOnce))));
  const sharesOfFold = (index: number): number => (index % foldsAtOnce) * parts * vectorsAtOnce;
  // All of a head of 64 at once, where an invocation reads 12 or more weights ahead.
  const ahead = upTo(cut.rows * cut.ahead + (byEights ? 1 : 0));
  const halves = byEights && forms.hidden.storage === "float16";
  const queryWeight = headWeight("query_weight", forms.weight, byEights);
  const keyWeight = headWeight("key_weight", forms.weight, byEights);
  const hiddenVector = (one: number, vector: string): RowVector => {
    if (halves) return vectorOfHalves(`hidden[start${one} / 8u + ${vector}]`);
    return vectorOfFours(...fours.map((four) => `read_hidden(start${one}, ${byEights ? `2u * ${vector} + ${four}u` : vector})`));
  };
  const vectors = byEights ? "(sizes.vectors / 2u)" : "sizes.vectors";
  const buffers = storageBuffers(
    {
      query_weight: queryWeight.type,
      query_bias: "f32",
      key_weight: keyWeight.type,
      hidden: halves ? "vec4<u32>" : vectorType(forms.hidden),
      tokens: "i32",
    },
    { folded: vectorType(forms.folded) },
  );
  return {
    name: `global-queries${forms.folded.storage === "float16" ? "-to-float16" : ""}`,
    access: buffers.access,
    narrows: forms.folded.storage === "float16",
    code: `${declareUniforms(globalQueryFields)}
${buffers.declarations}
${queryWeight.reader}
${keyWeight.reader}
${halves ? "" : vectorReader("read_hidden", "hidden", forms.hidden, "sizes.hidden")}
${vectorWriter("write_folded", "folded", forms.folded, "sizes.hidden")}
/** Of an element of the head, the queries of the four tokens. */
var<workgroup> queries: array<vec4<f32>, ${maxHeadSize}>;
${sliceMemory("vec4<f32>", Math.max(sharesOf(atOnce), foldsAtOnce * parts * vectorsAtOnce))}

${entryPoint(sliceInvocations)}
  ${tokensOfGroup(queryTokens)}
  ${lines(each, (one) => `let start${one} = (item * sizes.sequence + u32(tokens[list + ${attentionTokens.positions}u + min(token + ${one}u, globals - 1u)])) * sizes.hidden;`)}
  ${rowProducts({
    sums: "vec4<f32>",
    cut,
    atOnce,
    rows: "sizes.headSize",
    vectors,
    weight: queryWeight.vector,
    elements: (vector) => each.map((one) => hiddenVector(one, vector)),
    take: (row, sums) => `queries[${row}] = ${sums} + query_bias[head * sizes.headSize + ${row}];`,
  })}
  let part = lane / ${vectorsAtOnce}u;
  let vector = group.x * ${vectorsAtOnce}u + lane % ${vectorsAtOnce}u;
  ${folds.map(({ index }) => `var sum${index} = vec4<f32>();`).join(" ")}
  if (part < ${parts}u && vector < ${vectors}) {
    for (var first = part; first < sizes.headSize; first += ${ahead.length * parts}u) {
      ${lines(
        ahead,
        (step) =>
          `let element${step} = min(first + ${step * parts}u, sizes.headSize - 1u); ${keyWeight
            .vector(`element${step}`, "vector")
            .reads.map((read) => `let weight${step} = ${read};`)
            .join("")}`,
      )}
      ${lines(ahead, (step) => {
        const weights = keyWeight.vector("", "").fours([`weight${step}`]);
        return `{ let query = select(vec4<f32>(), queries[element${step}], first + ${step * parts}u < sizes.headSize); ${weights.map((weight, four) => `let four${four} = ${weight};`).join(" ")} ${folds.map(({ token, four, index }) => `sum${index} += query[${token}] * four${four};`).join(" ")} }`;
      })}
    }
  }
  // Each part joins other sums.
  ${lines(
    folds.filter(({ index }) => index % foldsAtOnce === 0).map(({ index }) => folds.slice(index, index + foldsAtOnce)),
    (some) => `${some[0]?.index === 0 ? "" : "workgroupBarrier();\n  "}if (part < ${parts}u) {
    ${some.map(({ index }) => `shares[lane + ${sharesOfFold(index)}u] = sum${index};`).join(" ")}
  }
  workgroupBarrier();
  ${lines(
    some,
    ({ token, four, index }) => `if (part == ${index % parts}u && vector < ${vectors} && token + ${token}u < globals) {
    write_folded(((item * sizes.slots + token + ${token}u) * sizes.heads + head) * sizes.hidden, ${byEights ? `2u * vector + ${four}u` : "vector"}, ${upTo(
      parts,
    )
      .map((other) => `shares[lane % ${vectorsAtOnce}u + ${sharesOfFold(index) + other * vectorsAtOnce}u]`)
      .join(" + ")});
  }`,
  )}`,
  )}
}`,
  };
}
