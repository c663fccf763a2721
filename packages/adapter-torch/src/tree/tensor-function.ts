import { LongspanError } from "@longspan/core";
import type { PickleObject, PickleValue } from "@longspan/pickle";
import { describe } from "@longspan/pickle";

/** A call that builds a tensor, wrappers such as Parameter taken off. */
export interface TensorCall {
  /** `torch._utils._rebuild_tensor_v2` and such. */
  readonly functionName: string;
  readonly args: readonly PickleValue[];
}

/** Functions that only dress a tensor: it is their first argument (torch/_utils.py). */
const wrappers: ReadonlySet<string> = new Set(["torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"]);

/** Functions that name the function to call, a class, and its arguments (torch/_tensor.py; `torch.tensor` before 1.8). */
const fromType: ReadonlySet<string> = new Set([
  "torch._tensor._rebuild_from_type",
  "torch._tensor._rebuild_from_type_v2",
  "torch.tensor._rebuild_from_type",
]);

/** Classes called with a tensor: parameters of torch before 0.4. */
const parameterClasses: ReadonlySet<string> = new Set(["torch.nn.parameter.Parameter", "torch.autograd.variable.Variable"]);

/** Tensors that a copy of bytes cannot stand for, and what can be done. */
const refused: Readonly<Record<string, string>> = {
  _rebuild_qtensor: "a quantised tensor: save the model before quantising it, or its tensors after dequantize()",
  _rebuild_sparse_tensor: "a sparse tensor: save it after to_dense()",
  _rebuild_sparse_csr_tensor: "a sparse tensor: save it after to_dense()",
  _rebuild_nested_tensor: "a nested tensor: save its parts one by one",
  _rebuild_meta_tensor_no_storage: "a meta tensor, which has no values: load the model's weights before saving it",
  _rebuild_wrapper_subclass: "a tensor of a wrapping class: save it as a plain tensor",
  _rebuild_device_tensor_from_numpy: "a tensor of another device, saved as a numpy array: save it after cpu()",
  _rebuild_device_tensor_from_cpu_tensor: "a tensor of another device: save it after cpu()",
  _rebuild_xla_tensor: "a tensor of another device, saved as a numpy array: save it after cpu()",
};

/** Tensors of which every process saved its own part (torch.distributed.tensor, torch.distributed._shard). */
const shardedClasses = /^torch\.distributed\.(?:\w+\.)*(?:DTensor|ShardedTensor)$/;
const sharded =
  "one process's share of a tensor: save the whole (get_model_state_dict with StateDictOptions(full_state_dict=True)), or save with torch.distributed.checkpoint and give its folder";

/** Parameters of parameters of …: torch nests two. */
const deepestWrapping = 16;

/** The old classes whose objects take their storage by BUILD (torch before 0.4): `torch.FloatTensor`, `torch.cuda.HalfTensor`. */
const tensorClassPattern = /^torch(?:\.cuda)?\.(?:Double|Float|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)?Tensor$/;

/**
 * The call behind an object that is a tensor; undefined for any other object.
 * @throws LongspanError `unsupported` for a tensor of a kind that has no plain bytes, `tensor-invalid` for nonsense. The message
 *   names neither file nor tensor.
 */
export function tensorCall(object: PickleObject): TensorCall | undefined {
  let functionName = callableName(object.callable);
  let args: readonly PickleValue[] = object.args;
  let node: PickleObject | undefined = object;
  let subclass: string | undefined;
  for (let depth = 0; functionName !== undefined; depth++) {
    if (node !== undefined && !isEmptyTensor(functionName, args)) refuseStates(node);
    if (depth > deepestWrapping) throw new LongspanError("tensor-invalid", `it is wrapped more than ${deepestWrapping} times`);
    if (fromType.has(functionName)) {
      // The second is the subclass. Its bytes are the plain tensor's: those that give them another meaning are rebuilt otherwise.
      const [called, type, inner] = args;
      functionName = callableName(called);
      subclass = callableName(type);
      args = tupleItems(inner);
      node = undefined;
      continue;
    }
    const isWrapper = wrappers.has(functionName) || (parameterClasses.has(functionName) && args.length > 0);
    if (!isWrapper) break;
    const inner = args[0];
    if (typeof inner !== "object" || inner === null || inner.kind !== "object") {
      throw new LongspanError(
        "tensor-invalid",
        `${functionName} stands around ${inner === undefined ? "nothing" : describe(inner)}, not around a tensor`,
      );
    }
    functionName = callableName(inner.callable);
    args = inner.args;
    node = inner;
  }
  if (functionName === undefined) return undefined;
  const className = subclass ?? (functionName.endsWith("._rebuild_wrapper_subclass") ? callableName(args[0]) : functionName);
  if (className !== undefined && shardedClasses.test(className)) throw new LongspanError("unsupported", `it is ${sharded}`);
  if (/^torch\._utils\._rebuild_tensor(?:_v2|_v3)?$/.test(functionName)) return { functionName, args };
  const short = functionName.slice(functionName.lastIndexOf(".") + 1);
  if (functionName.startsWith("torch.") && Object.hasOwn(refused, short)) throw new LongspanError("unsupported", `it is ${refused[short]}`);
  // A parameter is a tensor, whoever makes it; so is what torch's own functions of that name rebuild, also those that are yet to come.
  const isTensor = functionName !== callableName(object.callable) || /^torch\._utils\._rebuild_(?!parameter)/.test(functionName);
  if (isTensor && !tensorClassPattern.test(functionName)) {
    throw new LongspanError(
      "unsupported",
      `it was made by ${functionName}, which is not known here and never called: load the model with the code that made it, and save plain tensors (tensor.detach().clone())`,
    );
  }
  if (isEmptyTensor(functionName, args) && node?.state !== undefined && node.earlierStates === undefined) {
    return { functionName: "torch._utils._rebuild_tensor", args: tupleItems(node.state) };
  }
  return undefined;
}

/** An object of the old classes, which takes its storage by BUILD. */
function isEmptyTensor(functionName: string, args: readonly PickleValue[]): boolean {
  return args.length === 0 && tensorClassPattern.test(functionName);
}

/**
 * What BUILD gave a tensor that was rebuilt already: `(requires_grad, unused, hooks)` are no values; anything else replaces them
 * (torch/_tensor.py, `Tensor.__setstate__`).
 */
function refuseStates({ callable, state, earlierStates = [] }: PickleObject): void {
  const name = callableName(callable) ?? "";
  if (!name.startsWith("torch._utils._rebuild_") && !wrappers.has(name) && !parameterClasses.has(name) && !fromType.has(name)) return;
  for (const given of state === undefined ? earlierStates : [...earlierStates, state]) {
    if (typeof given === "object" && given?.kind === "tuple" && given.items.length === 3) continue;
    throw new LongspanError(
      "unsupported",
      `the file gives it another state after it was built (${describe(given)}), and nothing in a pickle is carried out. Load it with torch where you trust it, and save model.state_dict() again`,
    );
  }
}

/** `module.name` of a global, else undefined. */
function callableName(value: PickleValue | undefined): string | undefined {
  if (typeof value !== "object" || value === null || value.kind !== "global") return undefined;
  return `${value.module}.${value.name}`;
}

function tupleItems(value: PickleValue | undefined): readonly PickleValue[] {
  if (typeof value === "object" && value !== null && value.kind === "tuple") return value.items;
  throw new LongspanError(
    "tensor-invalid",
    `${value === undefined ? "nothing" : describe(value)} stands where a tuple of arguments is expected`,
  );
}
