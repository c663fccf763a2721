import type { LazyTensor } from "../tensor/lazy-tensor.ts";

/**
 * What a container holds, as inert data: no class is ever made, no function ever called. Shared and cyclic references are
 * kept by identity: walk it with `foldTree` and `tensorSearch`, which remember what they have seen.
 */
export type TreeValue = null | boolean | number | bigint | string | LazyTensor | TreeList | TreeMap | TreeOpaque;

/** A list, a tuple or a set, in the file's order. */
export interface TreeList {
  /** Which of Python's collections it was. */
  readonly kind: "list" | "tuple" | "set";
  /** In the file's order. */
  readonly items: readonly TreeValue[];
}

/** Keys of any type, in the file's order; `__proto__` is an ordinary key. */
export interface TreeMap {
  /** Tells it from the other values. */
  readonly kind: "map";
  /** In the file's order; keys as they are there, most of them text. */
  readonly entries: readonly (readonly [key: TreeValue, value: TreeValue])[];
  /** The value under a string key. */
  get(key: string): TreeValue | undefined;
}

/** An object of a class we do not make: its class's dotted name and, where it has one, its state. */
export interface TreeOpaque {
  /** Tells it from the other values. */
  readonly kind: "opaque";
  /** For example `argparse.Namespace`. */
  readonly className: string;
  /** What the file gives the object, as data; undefined where it gives nothing. */
  readonly state?: TreeValue | undefined;
  /** Why a tensor could not be made of it, when it would have been one. */
  readonly reason?: string | undefined;
}

/** Whether a value is a map. */
export function isTreeMap(value: TreeValue | undefined): value is TreeMap {
  return typeof value === "object" && value !== null && value.kind === "map";
}

/** Whether a value is a tensor. */
export function isTensor(value: TreeValue | undefined): value is LazyTensor {
  return typeof value === "object" && value !== null && value.kind === "tensor";
}

/** Whether a value is a tensor, or would have been one: an opaque value with the reason why it is none. */
export function isTensorLike(value: TreeValue | undefined): value is LazyTensor | TreeOpaque {
  return isTensor(value) || (typeof value === "object" && value !== null && value.kind === "opaque" && value.reason !== undefined);
}
