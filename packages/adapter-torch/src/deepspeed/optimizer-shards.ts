import { type LazyTensor, LongspanError } from "@longspan/core";
import { isTensor, isTreeMap, type TreeMap, type TreeValue } from "@longspan/core/adapter";
import { isList, integerOf } from "./model-states.ts";

/** One rank's share of the optimizer: of its flat groups of float32 master weights. */
export interface OptimizerShard {
  readonly file: string;
  readonly stage: number;
  /** Ranks among which the parameters are divided. */
  readonly ranks: number;
  /** ZeRO 1 and 2: one partition of every parameter group. ZeRO 3: flat groups of partitions of parameters. */
  readonly groups: readonly LazyTensor[];
  /** Elements of padding after each parameter of each group, where the release writes them. */
  readonly paddings: readonly (readonly number[])[] | undefined;
}

/** Whether a tree is that of an optimizer states file of ZeRO. */
function isOptimizerShard(root: TreeValue): root is TreeMap {
  const state = isTreeMap(root) ? root.get("optimizer_state_dict") : undefined;
  return isTreeMap(state) && state.get("zero_stage") !== undefined && state.get("partition_count") !== undefined;
}

/**
 * Reads an optimizer states file (deepspeed/runtime/zero/stage_1_and_2.py and stage3.py, `state_dict`).
 * @throws LongspanError `malformed`, `unsupported` (a stage nobody knows)
 */
export function readOptimizerShard(file: string, root: TreeValue): OptimizerShard {
  const fail = (problem: string): never => {
    throw new LongspanError("malformed", `${file} ${problem}. Copy it again, or write the checkpoint again with DeepSpeed.`, {
      details: { file },
    });
  };
  const state = isOptimizerShard(root) ? root.get("optimizer_state_dict") : undefined;
  if (!isTreeMap(state)) return fail("holds no optimizer state of DeepSpeed's ZeRO");
  const stage = enumValue(state.get("zero_stage"));
  if (stage === undefined || stage < 1 || stage > 3) {
    throw new LongspanError(
      "unsupported",
      `${file} was written by a ZeRO stage that is none of 1, 2 and 3. Convert it with the zero_to_fp32.py beside it.`,
      {
        details: { file },
      },
    );
  }
  // One number a group since ZeRO 2 knows experts; the largest is that of the ordinary parameters.
  const count = state.get("partition_count");
  const counts = (isList(count) ? count.items : [count]).map((item) => integerOf(item) ?? 0);
  const ranks = Math.max(...counts);
  if (!(ranks >= 1 && ranks <= 65_536)) return fail("does not say among how many ranks the parameters are divided");
  const key = stage === 3 ? "fp32_flat_groups" : "single_partition_of_fp32_groups";
  const list = state.get(key);
  const groups = isList(list) ? list.items : undefined;
  if (groups === undefined) return fail(`has no "${key}"`);
  if (!groups.every((group) => isTensor(group))) return fail(`has something that is no tensor in "${key}"`);
  for (const group of groups) {
    if (group.dataType !== "float32" || group.shape.length !== 1)
      return fail(`has ${group.dataType} [${group.shape.join(", ")}] in "${key}", where flat float32 values are expected`);
  }
  return { file, stage, ranks, groups, paddings: paddingsOf(state.get("param_alignment_paddings")) };
}

/** An enumeration's member is pickled as a call of its class with the value. */
function enumValue(value: TreeValue | undefined): number | undefined {
  if (typeof value === "object" && value !== null && value.kind === "opaque" && isList(value.state)) return integerOf(value.state.items[0]);
  return integerOf(value);
}

function paddingsOf(value: TreeValue | undefined): number[][] | undefined {
  if (!isList(value)) return undefined;
  return value.items.map((group) => (isList(group) ? group.items.map((padding) => integerOf(padding) ?? 0) : []));
}
