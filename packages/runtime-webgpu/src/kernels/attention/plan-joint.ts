import { loadedKernel, type Dispatch } from "../../kernel/kernel.ts";
import { itemsOf, type AttentionItems, type GlobalAttention, type SizedAttention } from "./attention-plan.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { jointAccess, jointFields, jointRows, jointTilingsOf, type JointTiling } from "./joint-tiling.ts";
import { packFields } from "./uniforms.ts";

/**
 * How scores and sums of the re-associated form are made in one kernel, if they are: on a device with matrix units, where hidden states are float16 and
 * memory holds a step's keys. A tiling that is wanted, but cannot run, is not taken.
 */
export function jointTilingFor({ context, inputs, hidden, tilings }: SizedAttention): JointTiling | undefined {
  const { facts } = context;
  const { globalJoint: wanted } = tilings;
  if (wanted === false || facts.kind === "cpu" || inputs.hidden.storage !== "float16") return undefined;
  const all = jointTilingsOf(facts, hidden);
  return wanted === undefined ? all[0] : all.find(({ name }) => name === wanted.name);
}

/** Heads of global tokens attend to hidden states, without scores in memory. */
export function planJoint(part: AttentionItems, found: GlobalSplits, { query, key }: GlobalAttention, tiling: JointTiling): Dispatch {
  const { context, inputs, sequence, hidden, heads, scale, slots, tokens, tokensStride, items } = part;
  const { splits, splitKeys, partialElements } = found;
  const { matrixUnits } = context.facts;
  if (matrixUnits === undefined) throw new TypeError(`${tiling.name} needs matrix units`);
  return {
    kernel: loadedKernel({ name: `global-attention-${tiling.name}`, access: jointAccess }, async () =>
      (await import("../for-matrix-units.ts")).matrixJointKernel(tiling, hidden, matrixUnits),
    ),
    uniforms: packFields(jointFields, {
      sequence,
      scale,
      rows: found.slots * heads,
      rowsOfToken: heads,
      tokensStride,
      firstItem: items.first,
      splits,
      splitKeys,
    }),
    operands: [
      { tensor: query },
      itemsOf(part, key),
      { tensor: inputs.mask },
      { tensor: tokens },
      { tensor: part.scratch("global partial sums", partialElements) },
      { tensor: part.scratch("global statistics", found.statisticsElements) },
    ],
    workgroups: [splits, Math.ceil((slots * heads) / jointRows), items.count],
    work: {
      floatingPointOperations: 4 * items.count * slots * heads * sequence * hidden,
      bytes: items.count * (2 * (sequence + slots * heads) * hidden + 4 * partialElements),
    },
  };
}
