import type { PickleObject, PickleValue } from "@longspan/pickle";

/** The dotted name of a class or function node, such as `numpy.ndarray`; undefined for any other value. */
export function globalName(value: PickleValue | undefined): string | undefined {
  return typeof value === "object" && value?.kind === "global" ? `${value.module}.${value.name}` : undefined;
}

/** What an object is a call of: `callable(*args)` by the callable's dotted name. */
export function calledName(node: PickleObject): string | undefined {
  return node.made === "reduce" ? globalName(node.callable) : undefined;
}

/** The items of a tuple. */
export function tupleItems(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return typeof value === "object" && value?.kind === "tuple" ? value.items : undefined;
}
