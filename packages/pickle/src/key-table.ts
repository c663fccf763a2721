import { latin1Text } from "./text/latin1.ts";
import type { PickleInput, PickleTuple } from "./values.ts";

/** A value to compare keys by: equal tokens (as a Map compares them), equal keys. Undefined for a key Python could not hash. */
export type KeyToken = unknown;

/**
 * Decides which keys Python would take for equal, in time linear in their size: `1 == 1.0 == True`, tuples by their
 * items, bytes by content, classes by name; `1` and `"1"` differ, and NaN differs from itself. Objects, persistent ids
 * and payloads left in the source are compared by identity.
 */
export class KeyTable {
  readonly #interned: Map<string, object> = new Map();
  readonly #ids: Map<KeyToken, number> = new Map();
  readonly #tuples: WeakMap<readonly PickleInput[], object> = new WeakMap();
  readonly #spend: ((characters: number) => void) | undefined;

  /** @param spend Called for everything that is remembered, with the characters it takes. */
  constructor(spend?: (characters: number) => void) {
    this.#spend = spend;
  }

  /** The token of a key, or undefined where it is a list, dict, set, bytearray, or a tuple that holds one. */
  token(key: PickleInput): KeyToken {
    switch (typeof key) {
      case "string":
        return key;
      case "number":
        return numberToken(key);
      case "boolean":
        return key ? 1 : 0;
      case "bigint":
        return bigintToken(key);
    }
    if (key === null) return null;
    if (key instanceof Uint8Array) return this.#intern(`bytes ${latin1Text(key)}`);
    switch (key.kind) {
      case "float":
        return numberToken(key.value);
      case "bytes":
        if (key.mutable) return undefined;
        return key.data === undefined ? key : this.#intern(`bytes ${latin1Text(key.data)}`);
      case "global":
        return this.#intern(`global ${key.module.length} ${key.module} ${key.name}`);
      case "tuple":
        return this.#tupleToken(key);
      case "list":
      case "dict":
        return undefined;
      case "set":
        return key.frozen ? key : undefined;
      default:
        return key;
    }
  }

  #intern(name: string): object {
    let token = this.#interned.get(name);
    if (token === undefined) {
      this.#spend?.(name.length);
      token = {};
      this.#interned.set(name, token);
    }
    return token;
  }

  #id(token: KeyToken): number {
    let id = this.#ids.get(token);
    if (id === undefined) {
      this.#spend?.(0);
      id = this.#ids.size;
      this.#ids.set(token, id);
    }
    return id;
  }

  /** Tuples nest as deep as a pickle is long, and share parts: an explicit stack, and one visit per items array. */
  #tupleToken(root: PickleTuple<PickleInput>): KeyToken {
    const known = this.#tuples.get(root.items);
    if (known !== undefined) return known;
    const open: { items: readonly PickleInput[]; next: number; ids: number[] }[] = [{ items: root.items, next: 0, ids: [] }];
    for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
      const { items, ids } = frame;
      const item = items[frame.next];
      if (item === undefined) {
        this.#tuples.set(items, this.#intern(`tuple ${ids.join(" ")}`));
        open.pop();
        continue;
      }
      let token: KeyToken;
      if (isTuple(item)) {
        token = this.#tuples.get(item.items);
        if (token === undefined) {
          this.#spend?.(0);
          open.push({ items: item.items, next: 0, ids: [] });
          continue;
        }
      } else {
        token = this.token(item);
        if (token === undefined) return undefined;
      }
      ids.push(this.#id(token));
      frame.next++;
    }
    return this.#tuples.get(root.items);
  }
}

function isTuple(value: PickleInput): value is PickleTuple<PickleInput> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "tuple";
}

function numberToken(value: number): KeyToken {
  if (Number.isNaN(value)) return {};
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
}

function bigintToken(value: bigint): KeyToken {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
