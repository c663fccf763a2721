import { elementCount, type LazyTensor, LongspanError } from "@longspan/core";
import { denseStrides } from "@longspan/core/adapter";
import { PickleError, dict, float, global, list, orderedDict, persistentId, reduce, tuple, writePickle } from "@longspan/pickle";
import type { PickleInput } from "@longspan/pickle";
import { storageClassNames } from "./storage-classes.ts";
import type { TorchMap, TorchValue } from "./torch-value.ts";

/** Deeper values are no checkpoint's; `torch.load` itself has no limit. */
const maxDepth = 500;

/** A tensor's storage in the file. */
interface WrittenStorage {
  readonly key: string;
  readonly tensor: LazyTensor;
}

export interface PickledValue {
  readonly pickle: Uint8Array;
  /** In the order of first appearance. */
  readonly storages: readonly WrittenStorage[];
}

/** How the two formats differ: legacy references have a sixth item, and no untyped storages. */
export interface PickleOfValueOptions {
  readonly format: "zip" | "legacy";
  /** The key of the storage that appears as number `index`. */
  readonly storageKey: (index: number) => string;
}

/**
 * The pickle of a value as `torch.save` writes it (protocol 2, torch/_tensor.py `_reduce_ex_internal`), with tensors as references
 * to storages of their own. One `LazyTensor` object at several places becomes one storage.
 * @throws LongspanError `unsupported`: an element type the format lacks, a key Python cannot hash, a value too deep.
 */
export function pickleOfValue(root: TorchValue, options: PickleOfValueOptions): PickledValue {
  const storages = new Map<LazyTensor, WrittenStorage>();

  function storageOf(tensor: LazyTensor): WrittenStorage {
    let storage = storages.get(tensor);
    if (storage === undefined) {
      storage = { key: options.storageKey(storages.size), tensor };
      storages.set(tensor, storage);
    }
    return storage;
  }

  function convert(value: TorchValue, depth: number): PickleInput {
    if (typeof value !== "object" || value === null) return value;
    if (depth > maxDepth)
      throw new LongspanError("unsupported", `A value nested more than ${maxDepth} deep cannot be written to a torch file.`);
    switch (value.kind) {
      case "float":
        return float(value.value);
      case "tensor":
        return tensorNode(value.tensor, storageOf(value.tensor).key, options.format);
      case "list":
        return list(value.items.map((item) => convert(item, depth + 1)));
      case "tuple":
        return { kind: "tuple", items: value.items.map((item) => convert(item, depth + 1)) };
      default:
        return mapNode(value, depth);
    }
  }

  function mapNode(map: TorchMap, depth: number): PickleInput {
    const entries = map.entries.map(([key, value]) => [convert(key, depth + 1), convert(value, depth + 1)] as const);
    return map.ordered === true ? orderedDict(entries) : dict(entries);
  }

  try {
    const pickle = joined(writePickle(convert(root, 0), { protocol: 2 }));
    return { pickle, storages: [...storages.values()] };
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw new LongspanError("unsupported", `A value cannot be written to a torch file: ${error.message}.`, { cause: error });
  }
}

function tensorNode(tensor: LazyTensor, key: string, format: "zip" | "legacy"): PickleInput {
  const className = storageClassNames[tensor.dataType];
  if (className === undefined && format === "legacy") {
    throw new LongspanError(
      "unsupported",
      `Tensor "${tensor.name}" is ${tensor.dataType}, which the legacy format of torch has no storage for. Write the zip format (target torch).`,
      {
        details: { tensor: tensor.name, dataType: tensor.dataType },
      },
    );
  }
  const storageClass = className === undefined ? global("torch.storage", "UntypedStorage") : global("torch", className);
  // An untyped storage counts bytes.
  const elements = className === undefined ? tensor.byteLength : elementCount(tensor.shape);
  const reference = ["storage", storageClass, key, "cpu", elements];
  const id = persistentId(tuple(...(format === "legacy" ? [...reference, null] : reference)));
  const args = [id, 0, tuple(...tensor.shape), tuple(...denseStrides(tensor.shape)), false, orderedDict()];
  if (className !== undefined) return reduce(global("torch._utils", "_rebuild_tensor_v2"), args);
  return reduce(global("torch._utils", "_rebuild_tensor_v3"), [...args, global("torch", tensor.dataType)]);
}

function joined(segments: ReturnType<typeof writePickle>): Uint8Array {
  const pieces = segments.filter((segment) => segment instanceof Uint8Array);
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    whole.set(piece, position);
    position += piece.length;
  }
  return whole;
}
