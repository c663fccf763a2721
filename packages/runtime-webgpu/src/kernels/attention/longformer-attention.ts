import { elementCount, LongspanError } from "@longspan/core";
import { required } from "../../kernel/required.ts";
import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import type { OperationKernels, PlanContext, SizedNode } from "../../kernel/operation-kernels.ts";
import { rowRanges } from "../parts/dispatching.ts";
import { floatStorage } from "../parts/float-storage.ts";
import {
  attentionInputs,
  type AttentionItems,
  type AttentionShape,
  type AttentionTilings,
  type ChooseAttention,
  itemBytes,
  maxHeadSize,
  type SizedAttention,
} from "./attention-plan.ts";
import { globalSlots, listTokens, maxGlobals, tokensStride } from "./attention-tokens.ts";
import { fitsScores, reassociateUpTo, splitKeys, type GlobalForm } from "./global-splits.ts";
import { narrowContext } from "./narrow-context.ts";
import { planDirect, planGlobalProjections } from "./plan-direct.ts";
import { jointTilingFor } from "./plan-joint.ts";
import { planReassociated } from "./plan-reassociated.ts";
import { planWindow, windowForm } from "./plan-window.ts";

export interface LongformerAttentionOptions {
  /** The kernels of the operation `linear`, for the global projections of all tokens. */
  readonly linear: OperationKernels;
  /** Up to how many global tokens the re-associated form is taken, see `GlobalForm`. Default: by the device, see `reassociateUpTo`. */
  readonly reassociateUpTo?: number | undefined;
  /** Or what chooses them. Default: rules. */
  readonly tilings?: AttentionTilings | ChooseAttention | undefined;
}

const maskInput = attentionInputs.indexOf("mask");

/**
 * The operation `longformerAttention`. The window's scores are never in memory. Beside its inputs and outputs a node takes memory for its global tokens
 * (on GPUs, where they are few, for their scores, too: see `GlobalSplits`), for sums of the window where its keys are split among workgroups, and, beyond
 * `reassociateUpTo` global tokens, for the global projections of all tokens.
 */
export function longformerAttentionKernels({ linear, reassociateUpTo: upTo, tilings = {} }: LongformerAttentionOptions): OperationKernels {
  return {
    operation: "longformerAttention",
    float16Inputs: [0, 1, 2, 3, 5, 7, 9],
    float16Outputs: [0],
    alikeInputs: [0, 1, 2],
    columnInputs: [0, 1, 2],
    hostInputs: [maskInput],
    planKey: ([mask]) => (mask === undefined ? "" : String(globalSlots(mask))),
    introduced: ({ globals }, [mask]) => new Map(typeof globals === "string" && mask !== undefined ? [[globals, maxGlobals(mask)]] : []),
    plan(node, context) {
      const found = sizedAttention(node, context);
      const given = { ...found, tilings: typeof tilings === "function" ? tilings(context.facts, shapeOf(found)) : tilings };
      const { batch, sequence, heads, headSize, slots, inputs } = given;
      const { context: out } = given.outputs;
      // Halves are written by words. Where two heads share one, or invocations have single elements, as on software adapters, the context is
      // computed as float32 (sessions there ask for no halves; who does, gets them).
      const narrowed = out.storage === "float16" && (context.facts.kind === "cpu" || headSize % 2 === 1);
      const wide = narrowed ? { ...context.scratch("float32", elementCount(out.shape)), shape: out.shape } : out;
      const sized: SizedAttention = { ...given, outputs: { ...given.outputs, context: wide } };
      const wanted = given.tilings.globalForm ?? (slots <= (upTo ?? reassociateUpTo(sized)) ? "reassociated" : "direct");
      const form: GlobalForm = wanted === "reassociated" && fitsScores(sized) ? "reassociated" : "direct";
      const window = windowForm(sized);
      const splits = slots === 0 ? undefined : splitKeys(sized, form, form === "direct" ? undefined : jointTilingFor(sized));
      const projections = splits?.form === "direct" ? planGlobalProjections(sized, linear) : undefined;
      const bytes = [
        ...[inputs.query, inputs.hidden, wide].map((tensor) => itemBytes(sequence, tensor)),
        ...(sized.outputs.attentions === undefined ? [] : [heads * sequence * 8]),
        window.partialElements * 4,
        ...(splits === undefined ? [] : [splits.partialElements * 4, splits.scoreElements * 4]),
      ];
      const ranges = rowRanges(batch, bytes, context.facts.limits, context.facts.limits.maxComputeWorkgroupsPerDimension);
      const maxItems = Math.max(...ranges.map(({ count }) => count));
      const memory = new Map<string, DeviceTensor>();
      const scratch: AttentionItems["scratch"] = (name, elementsPerItem, storage = "float32") => {
        const tensor = memory.get(name) ?? context.scratch(storage, maxItems * elementsPerItem);
        memory.set(name, tensor);
        return tensor;
      };
      const dispatches: Dispatch[] = [...(projections?.dispatches ?? [])];
      for (const items of ranges) {
        const part: AttentionItems = { ...sized, items, scratch };
        dispatches.push(...planWindow(part, window));
        if (splits === undefined) continue;
        dispatches.push(...(projections === undefined ? planReassociated(part, splits) : planDirect(part, splits, projections, linear)));
      }
      return narrowed ? [...dispatches, narrowContext(wide, out, context.facts.limits)] : dispatches;
    },
  };
}

function shapeOf({ batch, sequence, hidden, heads, oneSided, slots, inputs, outputs }: Omit<SizedAttention, "tilings">): AttentionShape {
  return {
    batch,
    sequence,
    hidden,
    heads,
    oneSided,
    slots,
    queryStorage: floatStorage(inputs.query.storage),
    joined: inputs.query.columnsOf !== undefined,
    hiddenStorage: floatStorage(inputs.hidden.storage),
    weightStorage: floatStorage(inputs.keyGlobalWeight.storage),
    contextStorage: floatStorage(outputs.context.storage),
  };
}

function sizedAttention(node: SizedNode, context: PlanContext): Omit<SizedAttention, "tilings"> {
  const inputs = Object.fromEntries(attentionInputs.map((name, at) => [name, required(node.inputs[at])])) as SizedAttention["inputs"];
  const { query, mask } = inputs;
  const [contextOut, attentions, globalAttentions] = node.outputs;
  const codes = required(context.hostValues(mask), mask.name);
  const [batch = 0, sequence = 0, width = 0] = query.shape;
  const heads = Number(node.attributes.heads);
  const headSize = width / heads;
  if (headSize > maxHeadSize) {
    throw new LongspanError(
      "operation-unsupported",
      `"${node.name}": longformerAttention on WebGPU takes heads of up to ${maxHeadSize} elements; these have ${headSize}. The reference runtime takes any.`,
      { details: { node: node.name, found: headSize, allowed: maxHeadSize } },
    );
  }
  const slots = globalSlots(codes);
  const stride = tokensStride(slots);
  return {
    node,
    context,
    inputs,
    outputs: { context: required(contextOut), attentions, globalAttentions },
    batch,
    sequence,
    hidden: width,
    heads,
    headSize,
    oneSided: Number(node.attributes.window) / 2,
    scale: 1 / Math.sqrt(headSize),
    slots,
    tokens: context.derived(`attention tokens of ${mask.name}, ${slots} slots`, batch * stride, mask, (values) =>
      listTokens(values, slots),
    ),
    tokensStride: stride,
  };
}
