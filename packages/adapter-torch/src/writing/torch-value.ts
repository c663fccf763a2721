import type { LazyTensor } from "@longspan/core";

/**
 * What can be written into a torch file: the plain Python values that `torch.load(weights_only=True)` accepts. A JavaScript
 * number that is an integer becomes an `int`, another one a `float`; `{ kind: "float", value: 1 }` writes `1.0`.
 */
export type TorchValue = null | boolean | number | bigint | string | TorchFloat | TorchTensor | TorchList | TorchMap;

/** A Python `float`, also where it is a whole number. */
export interface TorchFloat {
  readonly kind: "float";
  readonly value: number;
}

/** A tensor's values. The same `LazyTensor` object at several places is written once, as tensors that share one storage (ties). */
export interface TorchTensor {
  readonly kind: "tensor";
  readonly tensor: LazyTensor;
}

/** A Python `list` or `tuple`. */
export interface TorchList {
  readonly kind: "list" | "tuple";
  readonly items: readonly TorchValue[];
}

/** A Python `dict`, in the order of its entries. */
export interface TorchMap {
  readonly kind: "map";
  readonly entries: readonly (readonly [key: TorchValue, value: TorchValue])[];
  /** Write a `collections.OrderedDict`, as `Module.state_dict()` is one; default: a `dict`. */
  readonly ordered?: boolean;
}
