import { required } from "../../kernel/required.ts";
import type { Dispatch } from "../../kernel/kernel.ts";
import { bufferAccess, packFields } from "../parts/bindings.ts";
import { itemsOf, type AttentionItems, type GlobalAttention, type SizedAttention } from "./attention-plan.ts";
import { takesSequence, type GlobalSplits } from "./global-splits.ts";
import { jointFields, fitsJoint, jointRows, jointTilingsOf, sweepFields, type JointTiling } from "./joint-tiling.ts";

/**
 * How scores and sums of the re-associated form are made in one kernel, if they are: on a device with matrix units, where hidden states are float16 and
 * memory holds a step's keys. A tiling that is wanted, but cannot run, is not taken; where only the sequence is not one for it, that of the rules is.
 */
export function jointTilingFor(sized: SizedAttention): JointTiling | undefined {
  const { facts } = sized.context;
  const { globalJoint: wanted } = sized.tilings;
  if (wanted === false || facts.kind === "cpu" || sized.inputs.hidden.storage !== "float16") return undefined;
  if (wanted !== undefined && !fitsJoint(wanted, sized.hidden, facts)) return undefined;
  return wanted !== undefined && takesSequence(sized, wanted)
    ? wanted
    : jointTilingsOf(facts, sized.hidden).find(({ kind }) => kind === "steps");
}

/** Heads of global tokens attend to hidden states, without scores in memory. */
export function planJoint(part: AttentionItems, found: GlobalSplits, { query, key }: GlobalAttention, tiling: JointTiling): Dispatch {
  const { context, inputs, sequence, hidden, heads, scale, slots, tokens, tokensStride, items } = part;
  const { splits, splitKeys, partialElements } = found;
  const units = required(context.facts.matrixUnits, tiling.name);
  const sizes = {
    sequence,
    scale,
    rows: found.slots * heads,
    rowsOfToken: heads,
    tokensStride,
    firstItem: items.first,
    splits,
    splitKeys,
    hidden,
  };
  return {
    kernel: {
      name: `global-attention-${tiling.name}`,
      access: bufferAccess(4, 2),
      async code() {
        const { matrixJointKernelCode, matrixSweepKernelCode } = await import("../for-matrix-units.ts");
        return tiling.kind === "steps" ? matrixJointKernelCode(tiling, hidden, units) : matrixSweepKernelCode(tiling, hidden, units);
      },
    },
    uniforms: tiling.kind === "steps" ? packFields(jointFields, sizes) : packFields(sweepFields, sizes),
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
