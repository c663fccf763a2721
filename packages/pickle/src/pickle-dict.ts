import { PickleError } from "./errors.ts";
import { describe } from "./describe.ts";
import { type KeyToken, KeyTable } from "./key-table.ts";
import type { PickleInput, PickleValue } from "./values.ts";

/** One key and its value. */
export type PickleEntry<Value = PickleValue> = readonly [key: Value, value: Value];

// Most dicts of a checkpoint are small and keyed by text; below this many entries a scan beats a Map, and costs no memory.
const scannedEntries = 8;

const none: readonly never[] = Object.freeze([]);

/**
 * A Python dict. Keys of any hashable kind keep their identity: `"__proto__"` is a key like another, `1` and `"1"` are
 * two, tuples and classes are compared as Python compares them. A key that is set again keeps its place (and its first
 * spelling) and takes the last value, as in Python.
 */
export class PickleDict<Value extends PickleInput = PickleValue> {
  readonly kind: "dict" = "dict" as const;
  /** The argument of a BUILD on it. */
  declare state?: Value;
  /** The arguments of earlier BUILDs, where there are several. */
  declare earlierStates?: Value[];

  // Made when there is something to put in: a file may hold millions of empty dicts.
  #entries: PickleEntry<Value>[] | undefined;
  #index: Map<KeyToken, number> | undefined;
  #keys: KeyTable | undefined;

  /** @param keys A table shared with other dicts, so that long tuple keys are only compared once. */
  constructor(keys?: KeyTable) {
    this.#keys = keys;
  }

  /** Keys and values in insertion order. */
  get entries(): readonly PickleEntry<Value>[] {
    return this.#entries ?? none;
  }

  /** Number of keys. */
  get size(): number {
    return this.entries.length;
  }

  /** The value of a key, or undefined. A key that Python could not hash is never found. */
  get(key: Value | string): Value | undefined {
    const position = this.#find(key);
    return position === undefined ? undefined : this.entries[position]?.[1];
  }

  /** Whether a key is present. */
  has(key: Value | string): boolean {
    return this.#find(key) !== undefined;
  }

  /**
   * Stores a value under a key.
   *
   * @throws PickleError `pickle-type` for a key Python could not hash: a list, dict, set or bytearray.
   */
  set(key: Value, value: Value): this {
    const position = this.#find(key);
    const entries = (this.#entries ??= []);
    if (position !== undefined) {
      entries[position] = [(entries[position] as PickleEntry<Value>)[0], value];
      return this;
    }
    const token = typeof key === "string" ? key : this.#table().token(key);
    if (token === undefined) throw new PickleError("pickle-type", `${describe(key)} cannot be a dict key: Python could not hash it`);
    this.#index?.set(token, entries.length);
    entries.push([key, value]);
    return this;
  }

  /** Keys and values in insertion order. */
  [Symbol.iterator](): ArrayIterator<PickleEntry<Value>> {
    return this.entries[Symbol.iterator]();
  }

  #find(key: Value | string): number | undefined {
    if (this.#index === undefined && this.size <= scannedEntries) {
      // Text only equals text: most searches end here.
      const token = typeof key === "string" ? key : this.#table().token(key);
      const position = this.entries.findIndex(
        ([other]) => other === key || (typeof key !== "string" && this.#table().token(other) === token),
      );
      return position === -1 ? undefined : position;
    }
    return this.#indexed().get(typeof key === "string" ? key : this.#table().token(key));
  }

  #indexed(): Map<KeyToken, number> {
    if (this.#index === undefined) {
      this.#index = new Map();
      for (const [position, [key]] of this.entries.entries()) this.#index.set(this.#table().token(key), position);
    }
    return this.#index;
  }

  #table(): KeyTable {
    this.#keys ??= new KeyTable();
    return this.#keys;
  }
}
