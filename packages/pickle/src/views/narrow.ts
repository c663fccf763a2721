import { decodeUtf8 } from "../text/utf8.ts";
import type { PickleGlobal, PickleInput, PickleObject, PickleValue } from "../values.ts";

/** Whether a value is the class or function of that name. */
export function isGlobal<const Module extends string, const Name extends string>(
  value: PickleInput | undefined,
  module: Module,
  name: Name,
): value is PickleGlobal & { readonly module: Module; readonly name: Name } {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "global" &&
    value.module === module &&
    value.name === name
  );
}

/** Whether a value is an object made by calling the class or function of that name. */
export function isMadeBy(
  value: PickleValue | undefined,
  module: string,
  name: string,
): value is PickleObject & { readonly callable: PickleGlobal } {
  return typeof value === "object" && value?.kind === "object" && isGlobal(value.callable, module, name);
}

/**
 * The name an object goes by: of its class, also where Python wrote it through `copyreg` (protocols 0 and 1), or of the
 * function that makes it. Undefined where it is made by calling a value of the pickle's own.
 */
export function classOf(object: PickleObject): PickleGlobal | undefined {
  const { callable, args } = object;
  const named = isReconstructed(object) ? args[0] : callable;
  return typeof named === "object" && named?.kind === "global" ? named : undefined;
}

/** `copyreg._reconstructor(class, base, state)` and `copyreg.__newobj__(class, *args)` make an instance of their first argument. */
export function isReconstructed(object: PickleObject): boolean {
  return isGlobal(object.callable, "copyreg", "_reconstructor") || isGlobal(object.callable, "copyreg", "__newobj__");
}

/** The items of a list. */
export function asList(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return typeof value === "object" && value?.kind === "list" ? value.items : undefined;
}

/** The items of a tuple. */
export function asTuple(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return typeof value === "object" && value?.kind === "tuple" ? value.items : undefined;
}

/** The items of a list or a tuple. */
export function asSequence(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return asList(value) ?? asTuple(value);
}

/** The items of a set or frozenset, also as protocols 0 to 3 spell it (`builtins.set(list)`). */
export function asSet(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  if (typeof value === "object" && value?.kind === "set") return value.items;
  if (isMadeBy(value, "builtins", "set") || isMadeBy(value, "builtins", "frozenset"))
    return value.args.length === 0 ? [] : asSequence(value.args[0]);
  return undefined;
}

/** A text: a string, or a Python-2 `str` in memory whose bytes are UTF-8. For {@link PickleText} see `readText`. */
export function asString(value: PickleValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value?.kind !== "bytes" || value.pythonTwoString !== true || value.data === undefined) return undefined;
  return decodeUtf8(value.data);
}

/** An integer that is exact in a number, given as a number or bigint. True and False are no integers here. */
export function asInteger(value: PickleValue | undefined): number | undefined {
  const narrow = typeof value === "bigint" ? Number(value) : value;
  return typeof narrow === "number" && Number.isSafeInteger(narrow) ? narrow : undefined;
}
