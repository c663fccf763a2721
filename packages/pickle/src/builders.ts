// Nodes for `writePickle`.

import { PickleDict } from "./pickle-dict.ts";
import { PickleSet } from "./pickle-set.ts";
import type {
  PickleFloat,
  PickleGlobal,
  PickleInput,
  PickleList,
  PickleObject,
  PicklePayload,
  PicklePersistentId,
  PickleTuple,
} from "./values.ts";

/** What to put into an object after it was made. */
export interface ObjectContents {
  /** Given to `__setstate__`, or stored into `__dict__`. */
  readonly state?: PickleInput;
  /** Appended to it, as to a list. */
  readonly items?: readonly PickleInput[];
  /** Stored into it, as into a dict. */
  readonly entries?: PickleDict<PickleInput> | Iterable<readonly [PickleInput, PickleInput]>;
}

/** A class or function, by its name in Python 3. */
export function global(module: string, name: string): PickleGlobal {
  return { kind: "global", module, name };
}

/** A tuple of the given items. */
export function tuple(...items: readonly PickleInput[]): PickleTuple<PickleInput> {
  return { kind: "tuple", items };
}

/** A list of the given items. */
export function list(items: Iterable<PickleInput>): PickleList<PickleInput> {
  return { kind: "list", items: [...items] };
}

/**
 * A dict of the given keys and values.
 *
 * @throws PickleError `pickle-type` for a key Python could not hash.
 */
export function dict(entries: Iterable<readonly [PickleInput, PickleInput]>): PickleDict<PickleInput> {
  const built: PickleDict<PickleInput> = new PickleDict();
  for (const [key, value] of entries) built.set(key, value);
  return built;
}

/**
 * A set, or with `frozen` a frozenset, of the given items.
 *
 * @throws PickleError `pickle-type` for an item Python could not hash.
 */
export function set(items: Iterable<PickleInput>, { frozen = false }: { readonly frozen?: boolean } = {}): PickleSet<PickleInput> {
  const built: PickleSet<PickleInput> = new PickleSet(frozen);
  for (const item of items) built.add(item);
  return built;
}

/** The result of `callable(*args)`. */
export function reduce(callable: PickleInput, args: readonly PickleInput[], contents: ObjectContents = {}): PickleObject<PickleInput> {
  return fill({ kind: "object", made: "reduce", callable, args }, contents);
}

/** The result of `type.__new__(type, *args)`: how Python pickles most instances. */
export function newObject(type: PickleInput, args: readonly PickleInput[] = [], contents: ObjectContents = {}): PickleObject<PickleInput> {
  return fill({ kind: "object", made: "newobj", callable: type, args }, contents);
}

/** A `collections.OrderedDict` of the given keys and values. */
export function orderedDict(entries: Iterable<readonly [PickleInput, PickleInput]> = []): PickleObject<PickleInput> {
  return reduce(global("collections", "OrderedDict"), [], { entries });
}

/** A reference to something outside of the pickle. */
export function persistentId(id: PickleInput): PicklePersistentId<PickleInput> {
  return { kind: "persistent-id", id };
}

/** A bytes object of `byteLength` bytes that the caller will put in the place of the segment. */
export function payload(byteLength: number, reference: unknown): PicklePayload {
  return { kind: "payload", byteLength, reference };
}

/** A number that is written as a float also where it is whole. */
export function float(value: number): PickleFloat {
  return { kind: "float", value };
}

function fill(object: PickleObject<PickleInput>, { state, items, entries }: ObjectContents): PickleObject<PickleInput> {
  if (state !== undefined) object.state = state;
  const appended = [...(items ?? [])];
  if (appended.length > 0) object.items = appended;
  const stored = entries instanceof PickleDict ? entries : dict(entries ?? []);
  if (stored.size > 0 || stored === entries) object.entries = stored;
  return object;
}
