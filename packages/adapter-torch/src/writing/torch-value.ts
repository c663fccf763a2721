import type { LazyTensor } from "@longspan/core";

/**
 * What can be written into a torch file: the plain Python values that `torch.load(weights_only=True)` accepts. A JavaScript
 * number that is an integer becomes an `int`, another one a `float`; `{ kind: "float", value: 1 }` writes `1.0`.
 */
export type TorchValue = null | boolean | number | bigint | string | TorchFloat | TorchTensor | TorchList | TorchMap;

/** A Python `float`, also where it is a whole number. */
export interface TorchFloat {
  /** Tells it from the other values. */
  readonly kind: "float";
  /** The number; written as a float even where it has no fraction. */
  readonly value: number;
}

/** A tensor's values. The same `LazyTensor` object at several places is written once, as tensors that share one storage (ties). */
export interface TorchTensor {
  /** Tells it from the other values. */
  readonly kind: "tensor";
  /** Whose values are written; the same object at two places becomes one storage. */
  readonly tensor: LazyTensor;
}

/** A Python `list` or `tuple`. */
export interface TorchList {
  /** Which of Python's two sequences is written. */
  readonly kind: "list" | "tuple";
  /** In their order. */
  readonly items: readonly TorchValue[];
}

/** A Python `dict`, in the order of its entries. */
export interface TorchMap {
  /** Tells it from the other values. */
  readonly kind: "map";
  /** In the order in which they are written; keys of any kind that Python can hash. */
  readonly entries: readonly (readonly [key: TorchValue, value: TorchValue])[];
  /** Write a `collections.OrderedDict`, as `Module.state_dict()` is one; default: a `dict`. */
  readonly ordered?: boolean;
}
