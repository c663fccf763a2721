import { PickleError } from "./errors.ts";
import { describe } from "./describe.ts";
import { type KeyToken, KeyTable } from "./key-table.ts";
import type { PickleDict as Dict, PickleEntry, PickleInput, PickleValue } from "./values.ts";

// Most dicts of a checkpoint are small and keyed by text; below this many entries a scan beats a Map, and costs no memory.
const scannedEntries = 8;

const none: readonly never[] = /*#__PURE__*/ Object.freeze([]);

class HashedDict<Value extends PickleInput = PickleValue> implements Dict<Value> {
  readonly kind: "dict" = "dict" as const;
  declare state?: Value;
  declare earlierStates?: Value[];

  // Made when there is something to put in: a file may hold millions of empty dicts.
  #entries: PickleEntry<Value>[] | undefined;
  #index: Map<KeyToken, number> | undefined;
  #keys: KeyTable | undefined;

  constructor(keys?: KeyTable) {
    this.#keys = keys;
  }

  get entries(): readonly PickleEntry<Value>[] {
    return this.#entries ?? none;
  }

  get size(): number {
    return this.entries.length;
  }

  get(key: Value | string): Value | undefined {
    const position = this.#find(key);
    return position === undefined ? undefined : this.entries[position]?.[1];
  }

  has(key: Value | string): boolean {
    return this.#find(key) !== undefined;
  }

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

/** See `values.ts`. */
export type PickleDict<Value extends PickleInput = PickleValue> = Dict<Value>;

/** Makes an empty dict. `keys`: a table shared with other dicts, so that long tuple keys are only compared once. */
export const PickleDict: new <Value extends PickleInput = PickleValue>(keys?: KeyTable) => PickleDict<Value> = HashedDict;
