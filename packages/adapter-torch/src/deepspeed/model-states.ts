import { type LazyTensor, LongspanError } from "@longspan/core";
import { isTensor, isTreeMap, type TreeMap, type TreeValue } from "@longspan/core/adapter";

/** Shapes by parameter name, in the order in which the flat groups hold them. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>;

/**
 * What a `…_model_states.pt` of DeepSpeed says (deepspeed/runtime/engine.py, `_save_checkpoint`; deepspeed/checkpoint/constants.py).
 */
export interface ModelStates {
  readonly root: TreeMap;
  /** The state dict: whole for ZeRO 1 and 2; for ZeRO 3 buffers, and parameters without elements. */
  readonly module: TreeMap;
  readonly bufferNames: ReadonlySet<string>;
  /** One per parameter group; undefined in files of DeepSpeed before 0.3.17. */
  readonly parameterShapes: readonly ParameterShapes[] | undefined;
  readonly frozenShapes: ParameterShapes;
  /** This rank's part of the frozen parameters (ZeRO 3), or all of them (ZeRO 2). */
  readonly frozenFragments: ReadonlyMap<string, LazyTensor>;
  /** A tied parameter's name, and the name of the one that has the values. */
  readonly sharedParameters: ReadonlyMap<string, string>;
  /** Ranks that each hold a slice of every weight (tensor parallel); 1: none. */
  readonly modelParallelRanks: number;
}

/** The keys of a model states file that say how to put it together; they are nothing once it is. */
export const assemblyKeys: ReadonlySet<string> = new Set([
  "module",
  "buffer_names",
  "param_shapes",
  "frozen_param_shapes",
  "frozen_param_fragments",
  "shared_params",
  "ds_config",
]);

/** @throws LongspanError `malformed` when it is no file of model states. */
export function readModelStates(file: string, root: TreeValue): ModelStates {
  const module = isTreeMap(root) ? root.get("module") : undefined;
  if (!isTreeMap(root) || !isTreeMap(module)) {
    throw new LongspanError("malformed", `${file} has no state dict under "module", where DeepSpeed keeps the model's. Copy it again.`, {
      details: { file },
    });
  }
  const groups = root.get("param_shapes");
  const groupList = isList(groups) ? groups.items : isTreeMap(groups) ? [groups] : undefined;
  const shared = root.get("shared_params");
  return {
    root,
    module,
    bufferNames: new Set(textItems(root.get("buffer_names"))),
    parameterShapes: groupList?.map((group) => shapesOf(file, group)),
    frozenShapes: shapesOf(file, root.get("frozen_param_shapes")),
    frozenFragments: new Map(tensorEntries(root.get("frozen_param_fragments"))),
    sharedParameters: new Map(
      isTreeMap(shared)
        ? shared.entries.flatMap(([name, of]) => (typeof name === "string" && typeof of === "string" ? [[name, of] as const] : []))
        : pairsOf(shared),
    ),
    modelParallelRanks: integerOf(root.get("mp_world_size")) ?? 1,
  };
}

/** The tensors of a state dict by name. */
export function tensorEntries(value: TreeValue | undefined): (readonly [string, LazyTensor])[] {
  if (!isTreeMap(value)) return [];
  return value.entries.flatMap(([name, item]) => (typeof name === "string" && isTensor(item) ? [[name, item] as const] : []));
}

export function integerOf(value: TreeValue | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function isList(
  value: TreeValue | undefined,
): value is { readonly kind: "list" | "tuple" | "set"; readonly items: readonly TreeValue[] } {
  return typeof value === "object" && value !== null && (value.kind === "list" || value.kind === "tuple" || value.kind === "set");
}

function textItems(value: TreeValue | undefined): string[] {
  return isList(value) ? value.items.filter((item) => typeof item === "string") : [];
}

/** Old releases list shared parameters as pairs. */
function pairsOf(value: TreeValue | undefined): (readonly [string, string])[] {
  if (!isList(value)) return [];
  return value.items.flatMap((item) => {
    const [name, of] = isList(item) ? item.items : [];
    return typeof name === "string" && typeof of === "string" ? [[name, of] as const] : [];
  });
}

function shapesOf(file: string, value: TreeValue | undefined): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  if (!isTreeMap(value)) return shapes;
  for (const [name, size] of value.entries) {
    const shape = isList(size) ? size.items.map(integerOf) : undefined;
    if (typeof name !== "string" || shape?.every((dimension) => dimension !== undefined) !== true) {
      throw new LongspanError("malformed", `${file} has an entry of parameter shapes that is no name and shape. Copy it again.`, {
        details: { file },
      });
    }
    shapes.set(name, shape);
  }
  return shapes;
}
