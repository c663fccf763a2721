import { PickleDict } from "../pickle-dict.ts";
import type { PickleObject, PickleValue } from "../values.ts";
import { asSequence, isGlobal } from "./narrow.ts";

/**
 * A value as a dict: a dict itself; an `OrderedDict`, `defaultdict`, `Counter` or `dict` made by a call, with its first
 * pairs and what was stored into it; any other object that keys were stored into, as into a subclass of dict. Undefined
 * for everything else. The dict may be the pickle's own: do not change it.
 */
export function asDict(value: PickleValue | undefined): PickleDict | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (value.kind === "dict") return value;
  if (value.kind !== "object") return undefined;
  const first = firstPairs(value);
  if (first === "none") return value.entries ?? new PickleDict();
  if (first === "unknown") return value.entries;
  if (value.entries === undefined && first instanceof PickleDict) return first;
  return merge(first, value.entries);
}

/**
 * The attributes that BUILD gave an object: its `__dict__`, and its slots where the class has some (a state of
 * `(dict or None, slots)`, as `copyreg` writes it). Undefined where it has none, or a state of the class's own making.
 */
export function asAttributes(object: PickleObject): PickleDict | undefined {
  const { state } = object;
  if (typeof state !== "object" || state === null) return undefined;
  if (state.kind === "dict") return state;
  if (state.kind !== "tuple" || state.items.length !== 2) return undefined;
  const [attributes, slots] = state.items;
  if (!(slots instanceof PickleDict)) return undefined;
  if (attributes === null) return slots;
  return attributes instanceof PickleDict ? merge(attributes, slots) : undefined;
}

type Pairs = Iterable<readonly [PickleValue, PickleValue]>;

/** What a dict-like callable is given to begin with; "unknown" where the callable is not known to make a dict. */
function firstPairs({ callable, args }: PickleObject): Pairs | "none" | "unknown" {
  if (isGlobal(callable, "copyreg", "_reconstructor")) {
    // Protocols 0 and 1 write a subclass of dict so: (class, dict, its items as a dict).
    const [, base, items] = args;
    return isGlobal(base, "builtins", "dict") ? asPairs(items) : "unknown";
  }
  if (isGlobal(callable, "collections", "defaultdict")) return args.length < 2 ? "none" : asPairs(args[1]);
  const known =
    isGlobal(callable, "collections", "OrderedDict") ||
    isGlobal(callable, "collections", "Counter") ||
    isGlobal(callable, "builtins", "dict");
  if (!known) return "unknown";
  return args.length === 0 ? "none" : asPairs(args[0]);
}

function asPairs(value: PickleValue | undefined): Pairs | "unknown" {
  if (value instanceof PickleDict) return value;
  const items = asSequence(value);
  if (items === undefined) return "unknown";
  const pairs: [PickleValue, PickleValue][] = [];
  for (const item of items) {
    const pair = asSequence(item);
    const [key, content] = pair ?? [];
    if (pair?.length !== 2 || key === undefined || content === undefined) return "unknown";
    pairs.push([key, content]);
  }
  return pairs;
}

function merge(first: Pairs, second: Pairs | undefined): PickleDict {
  const dict: PickleDict = new PickleDict();
  for (const [key, value] of first) dict.set(key, value);
  for (const [key, value] of second ?? []) dict.set(key, value);
  return dict;
}
