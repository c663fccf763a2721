import { LongspanError } from "@longspan/core";
import {
  isTensor,
  isTreeMap,
  tensorSearch,
  type TreeMap,
  type TreeOpaque,
  type TreeValue,
  type UnreadableTensor,
} from "@longspan/core/adapter";
import { isRefusedTensor } from "../tree/refused-tensor.ts";

/** Modules walked, each counted as often as it is reached; and how deep they nest. */
const maxModules = 200_000;
const maxDepth = 1000;

/** What a TorchScript module has under names. */
export interface ScriptedState {
  readonly entries: readonly (readonly [name: string, tensor: TreeValue])[];
  readonly unreadable: readonly UnreadableTensor[];
  /** Attributes that hold tensors and are neither parameters nor modules. */
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
}

/** Whether a value is an object of a TorchScript class, which has its attributes by name. */
export function isScriptedModule(value: TreeValue | undefined): value is TreeOpaque & { readonly state: TreeMap } {
  return (
    typeof value === "object" &&
    value !== null &&
    value.kind === "opaque" &&
    /^__torch__(?:\.|$)/.test(value.className) &&
    isTreeMap(value.state)
  );
}

interface Visit {
  readonly module: TreeOpaque & { readonly state: TreeMap };
  readonly prefix: string;
  readonly above: Visit | undefined;
  readonly depth: number;
}

/**
 * The tensors of a TorchScript module (torch/csrc/jit/serialization/pickler.cpp: a module is an object with its attributes), named by the path
 * to them. Rust's `tch` writes all of a model as attributes of one module, with `|` where a name has a dot. The program's code is not read.
 * @throws LongspanError `malformed` when a module contains itself, `limit-exceeded`.
 */
export function scriptedState(root: TreeOpaque & { readonly state: TreeMap }): ScriptedState {
  const entries: (readonly [string, TreeValue])[] = [];
  const unreadable: UnreadableTensor[] = [];
  const dropped: { name: string; reason: string }[] = [];
  const holdsTensor = tensorSearch();
  const waiting: Visit[] = [{ module: root, prefix: "", above: undefined, depth: 0 }];
  for (let visited = 0; waiting.length > 0; visited++) {
    const visit = waiting.pop();
    if (visit === undefined) break;
    if (visited > maxModules || visit.depth > maxDepth) {
      throw new LongspanError(
        "limit-exceeded",
        `The TorchScript module has more than ${maxModules} parts, or parts nested more than ${maxDepth} deep. Save its state_dict() instead.`,
      );
    }
    refuseCycle(visit);
    const inner: Visit[] = [];
    for (const [key, value] of visit.module.state.entries) {
      if (typeof key !== "string") continue;
      const name = visit.prefix + key.replaceAll("|", ".");
      if (isTensor(value) || isRefusedTensor(value)) entries.push([name, value]);
      else if (isScriptedModule(value)) inner.push({ module: value, prefix: `${name}.`, above: visit, depth: visit.depth + 1 });
      else if (isPackedWeight(value)) unreadable.push(quantised(name));
      else if (holdsTensor(value)) dropped.push({ name, reason: "an attribute of the program that is no parameter" });
    }
    waiting.push(...inner.toReversed());
  }
  return { entries, unreadable, dropped };
}

function refuseCycle({ module, prefix, above }: Visit): void {
  for (let visit = above; visit !== undefined; visit = visit.above) {
    if (visit.module === module) {
      throw new LongspanError(
        "malformed",
        `The TorchScript module contains itself, as "${prefix.slice(0, 200)}". Save its state_dict() instead.`,
      );
    }
  }
}

/** `__torch__.torch.classes.quantized.LinearPackedParamsBase`: a weight and a bias, packed for 8-bit kernels. */
function isPackedWeight(value: TreeValue): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    value.kind === "opaque" &&
    value.className.startsWith("__torch__.torch.classes.quantized.")
  );
}

function quantised(path: string): UnreadableTensor {
  const name = `${path.replace(/(?:\._packed_params)+$/, "")}.weight`;
  return {
    name,
    sourceName: path,
    reason: `"${name}" is quantised: the program has it packed for 8-bit kernels (${path}), and what it was before is lost. Give the model from before quantisation.`,
  };
}
