import { PickleError } from "./errors.ts";
import { type KeyToken, KeyTable } from "./key-table.ts";
import type { PickleInput, PickleSet as Items, PickleValue } from "./values.ts";
import { describe } from "./describe.ts";

class HashedSet<Value extends PickleInput = PickleValue> implements Items<Value> {
  readonly kind: "set" = "set" as const;
  readonly items: readonly Value[];
  readonly frozen: boolean;

  readonly #items: Value[] = [];
  #tokens: Set<KeyToken> | undefined;
  readonly #keys: KeyTable;

  constructor(frozen: boolean, keys: KeyTable = new KeyTable()) {
    this.items = this.#items;
    this.frozen = frozen;
    this.#keys = keys;
  }

  has(item: Value): boolean {
    return this.#tokens?.has(this.#keys.token(item)) === true;
  }

  add(item: Value): this {
    const token = this.#keys.token(item);
    if (token === undefined) throw new PickleError("pickle-type", `${describe(item)} cannot be in a set: Python could not hash it`);
    this.#tokens ??= new Set();
    if (!this.#tokens.has(token)) {
      this.#tokens.add(token);
      this.#items.push(item);
    }
    return this;
  }
}

/** See `values.ts`. */
export type PickleSet<Value extends PickleInput = PickleValue> = Items<Value>;

/** Makes an empty set. `keys`: a table shared with other sets and dicts. */
export const PickleSet: new <Value extends PickleInput = PickleValue>(frozen: boolean, keys?: KeyTable) => PickleSet<Value> = HashedSet;
