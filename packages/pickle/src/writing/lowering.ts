import { global, list, reduce } from "../builders.ts";
import { PickleError } from "../errors.ts";
import { KeyTable } from "../key-table.ts";
import type { PickleBytes, PickleDict, PickleInput, PickleObject, PickleText, PickleTuple } from "../values.ts";
import { latin1Text } from "../text/latin1.ts";
import { describe } from "../describe.ts";

/** The protocols that can be written: 2 for torch, 4 for Paddle. */
export type WrittenProtocol = 2 | 4;

/** What the encoder knows how to write in the protocol. */
export type LoweredValue = Exclude<PickleInput, PickleBytes | PickleText>;

/**
 * Expresses what a protocol has no opcode for by what it has, as CPython does (Lib/pickle.py, save_bytes and others).
 * A value is lowered once, so that shared nodes stay shared.
 */
export class Lowering {
  readonly #protocol: WrittenProtocol;
  readonly #lowered: Map<object, LoweredValue> = new Map();
  readonly #argumentTuples: Map<readonly PickleInput[], PickleTuple<PickleInput>> = new Map();
  readonly #names: KeyTable = new KeyTable();

  constructor(protocol: WrittenProtocol) {
    this.#protocol = protocol;
  }

  lower(value: PickleInput): LoweredValue {
    if (typeof value !== "object" || value === null || !this.#needsLowering(value)) return value as LoweredValue;
    let lowered = this.#lowered.get(value);
    if (lowered === undefined) {
      lowered = this.#express(value);
      this.#lowered.set(value, lowered);
    }
    return lowered;
  }

  /** An object's arguments as the tuple they are in the pickle; the same array gives the same tuple. */
  argumentTuple(args: readonly PickleInput[]): PickleTuple<PickleInput> {
    let tuple = this.#argumentTuples.get(args);
    if (tuple === undefined) {
      tuple = { kind: "tuple", items: args };
      this.#argumentTuples.set(args, tuple);
    }
    return tuple;
  }

  /** What a value is memoised under, or undefined for values that a reference would not make shorter. */
  identity(value: LoweredValue): unknown {
    if (typeof value === "string") return value.length > 0 ? value : undefined;
    if (typeof value !== "object" || value === null) return undefined;
    if (value instanceof Uint8Array) return value;
    switch (value.kind) {
      case "float":
        return undefined;
      case "global":
        return this.#names.token(value);
      case "tuple":
        return value.items.length > 0 ? value.items : undefined;
      default:
        return value;
    }
  }

  #needsLowering(value: PickleInput & object): boolean {
    if (value instanceof Uint8Array) return this.#protocol === 2;
    switch (value.kind) {
      case "bytes":
      case "text":
        return true;
      case "set":
      case "payload":
        return this.#protocol === 2;
      case "object":
        return value.made !== "reduce" && value.made !== "newobj";
      default:
        return false;
    }
  }

  #express(value: PickleInput & object): LoweredValue {
    if (value instanceof Uint8Array) return reduce(global("_codecs", "encode"), [latin1Text(value), "latin1"]);
    switch (value.kind) {
      case "text":
        throw new PickleError(
          "pickle-unread",
          `${describe(value)} at ${value.offset} still stands in its source; read it with readText first`,
        );
      case "payload":
        throw new PickleError(
          "pickle-unsupported",
          "Protocol 2 has no opcode for bytes, so that none can be streamed; use protocol 4, or give the bytes",
        );
      case "bytes":
        return this.#expressBytes(value);
      case "set":
        return reduce(global("builtins", value.frozen ? "frozenset" : "set"), [list(value.items)]);
      case "object":
        return this.#expressObject(value);
      default:
        throw new PickleError("pickle-type", `No spelling is known for ${describe(value)}`);
    }
  }

  #expressBytes({ data, offset, byteLength, mutable }: PickleBytes): LoweredValue {
    if (data === undefined) {
      throw new PickleError(
        "pickle-unread",
        `${byteLength} bytes at ${offset} still stand in their source; read them with readBytes, or write a payload`,
      );
    }
    if (!mutable) return this.lower(data);
    return reduce(global("builtins", "bytearray"), this.#protocol === 2 ? [latin1Text(data), "latin-1"] : [data]);
  }

  #expressObject(object: PickleObject<PickleInput>): PickleObject<PickleInput> {
    if (object.made === "newobj-ex") {
      if (this.#protocol === 4) return object;
      throw new PickleError("pickle-unsupported", `Protocol 2 has no opcode to make an object with keyword arguments: ${describe(object)}`);
    }
    // Python 3 has no old-style classes: it makes an instance without a call where there are no arguments (pickle.py, _instantiate).
    return { ...object, made: object.args.length === 0 ? "newobj" : "reduce" };
  }
}

/** Adds what a value holds, and is written along with it, to a list of values to visit. */
export function pushContents(value: LoweredValue, lowering: Lowering, pending: PickleInput[]): void {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  switch (value.kind) {
    case "list":
    case "tuple":
    case "set":
      for (const item of value.items) pending.push(item);
      return;
    case "dict":
      pushEntries(value, pending);
      pushStates(value, pending);
      return;
    case "object":
      pending.push(value.callable, lowering.argumentTuple(value.args));
      if (value.keywords !== undefined) pending.push(value.keywords);
      for (const item of value.items ?? []) pending.push(item);
      if (value.entries !== undefined) pushEntries(value.entries, pending);
      pushStates(value, pending);
      return;
    case "persistent-id":
      pending.push(value.id);
  }
}

function pushEntries(dict: PickleDict<PickleInput>, pending: PickleInput[]): void {
  for (const [key, value] of dict.entries) pending.push(key, value);
}

function pushStates(value: Built, pending: PickleInput[]): void {
  for (const state of statesOf(value)) pending.push(state);
}

/** What BUILD applies to. */
interface Built {
  readonly state?: PickleInput;
  readonly earlierStates?: readonly PickleInput[];
}

const noStates: readonly PickleInput[] = [];

/** The arguments of all BUILDs, in order. */
export function statesOf({ state, earlierStates }: Built): readonly PickleInput[] {
  if (state === undefined) return noStates;
  return earlierStates === undefined ? [state] : [...earlierStates, state];
}
