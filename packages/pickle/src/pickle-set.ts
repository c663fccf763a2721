import { PickleError } from "./errors.ts";
import { type KeyToken, KeyTable } from "./key-table.ts";
import type { PickleInput, PickleValue } from "./values.ts";
import { describe } from "./describe.ts";

/** A Python set or frozenset; items that Python takes for equal are kept once, in the order of their first appearance. */
export class PickleSet<Value extends PickleInput = PickleValue> {
  readonly kind: "set" = "set" as const;
  readonly items: readonly Value[];
  /** True for a frozenset. */
  readonly frozen: boolean;

  readonly #items: Value[] = [];
  #tokens: Set<KeyToken> | undefined;
  readonly #keys: KeyTable;

  /** @param keys A table shared with other sets and dicts. */
  constructor(frozen: boolean, keys: KeyTable = new KeyTable()) {
    this.items = this.#items;
    this.frozen = frozen;
    this.#keys = keys;
  }

  /** Whether an equal item is in the set. */
  has(item: Value): boolean {
    return this.#tokens?.has(this.#keys.token(item)) === true;
  }

  /**
   * Adds an item unless an equal one is there.
   *
   * @throws PickleError `pickle-type` for an item Python could not hash.
   */
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
