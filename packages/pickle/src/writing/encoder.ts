import { PickleError } from "../errors.ts";
import type { PickleDict, PickleEntry } from "../pickle-dict.ts";
import type { PickleSet } from "../pickle-set.ts";
import type {
  PickleGlobal,
  PickleInput,
  PickleList,
  PickleObject,
  PicklePersistentId,
  PickleTuple,
} from "../values.ts";
import { describe } from "../views/describe.ts";
import {
  writeBytesHeader,
  writeFloat,
  writeGlobal,
  writeInteger,
  writeNumber,
  writeText,
} from "./atoms.ts";
import { type LoweredValue, type Lowering, statesOf, type WrittenProtocol } from "./lowering.ts";
import { opcodes } from "./opcodes.ts";
import type { Output } from "./output.ts";

// As CPython: no reader needs more of a list or dict on its stack at once.
const batchLength = 1000;

/** Writes a container: yields each value it holds where that value is to be written. */
type Steps = Generator<PickleInput, void, void>;

/** Writes values as opcodes. Containers are generators on a stack of its own, so that depth costs memory and nothing else. */
export class Encoder {
  readonly #output: Output;
  readonly #protocol: WrittenProtocol;
  readonly #lowering: Lowering;
  readonly #shared: ReadonlySet<unknown>;
  readonly #memo: Map<unknown, number> = new Map();
  /** Identities of what is begun and cannot be referred to yet. */
  readonly #open: Set<unknown> = new Set();

  constructor(
    output: Output,
    protocol: WrittenProtocol,
    lowering: Lowering,
    shared: ReadonlySet<unknown>,
  ) {
    this.#output = output;
    this.#protocol = protocol;
    this.#lowering = lowering;
    this.#shared = shared;
  }

  encode(root: PickleInput): void {
    const running: Steps[] = [];
    const begin = (value: PickleInput): void => {
      const steps = this.#begin(value);
      if (steps !== undefined) running.push(steps);
    };
    begin(root);
    for (let steps = running.at(-1); steps !== undefined; steps = running.at(-1)) {
      const step = steps.next();
      if (step.done === true) running.pop();
      else begin(step.value);
    }
  }

  /** Writes a value that holds no other, or returns the steps that write one that does. */
  #begin(input: PickleInput): Steps | undefined {
    const value = this.#lowering.lower(input);
    const identity = this.#lowering.identity(value);
    const index = identity === undefined ? undefined : this.#memo.get(identity);
    if (index !== undefined) {
      this.#indexed(opcodes.BINGET, opcodes.LONG_BINGET, index);
      return undefined;
    }
    if (this.#open.has(identity)) {
      throw new PickleError(
        "pickle-cycle",
        `${describe(value)} contains itself; only through the items of a list or dict, or the contents of an object, can that be written`,
      );
    }
    if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
      const steps = this.#container(value, identity);
      if (steps !== undefined) return steps;
    }
    this.#atom(value);
    this.#memoise(identity);
    return undefined;
  }

  #container(
    value: Extract<LoweredValue, { readonly kind: string }>,
    identity: unknown,
  ): Steps | undefined {
    switch (value.kind) {
      case "list":
        return this.#list(value);
      case "tuple":
        return this.#tuple(value);
      case "dict":
        return this.#dict(value);
      case "set":
        return this.#set(value);
      case "object":
        return this.#object(value);
      case "persistent-id":
        return this.#persistentId(value);
      case "global":
        return this.#protocol === 4 ? this.#stackGlobal(value, identity) : undefined;
      default:
        return undefined;
    }
  }

  #atom(value: LoweredValue): void {
    const output = this.#output;
    switch (typeof value) {
      case "boolean":
        return output.uint8(value ? opcodes.NEWTRUE : opcodes.NEWFALSE);
      case "number":
        return writeNumber(output, value);
      case "bigint":
        return writeInteger(output, this.#protocol, value);
      case "string":
        return writeText(output, this.#protocol, value);
      case "object":
        break;
      default:
        throw new PickleError("pickle-type", `A ${typeof value} cannot be written`);
    }
    if (value === null) return output.uint8(opcodes.NONE);
    if (value instanceof Uint8Array) {
      writeBytesHeader(output, value.length);
      return output.bytes(value);
    }
    switch (value.kind) {
      case "float":
        return writeFloat(output, value.value);
      case "global":
        return writeGlobal(output, value);
      case "payload":
        writeBytesHeader(output, value.byteLength);
        return output.payload(value);
      default:
        throw new PickleError(
          "pickle-type",
          `An object of the kind ${String(value.kind)} cannot be written`,
        );
    }
  }

  *#stackGlobal({ module, name }: PickleGlobal, identity: unknown): Steps {
    yield module;
    yield name;
    this.#output.uint8(opcodes.STACK_GLOBAL);
    this.#memoise(identity);
  }

  *#list(list: PickleList<PickleInput>): Steps {
    this.#output.uint8(opcodes.EMPTY_LIST);
    this.#memoise(list);
    yield* this.#append(list.items);
  }

  *#tuple({ items }: PickleTuple<PickleInput>): Steps {
    const short = [opcodes.EMPTY_TUPLE, opcodes.TUPLE1, opcodes.TUPLE2, opcodes.TUPLE3][
      items.length
    ];
    if (short === undefined) this.#output.uint8(opcodes.MARK);
    if (items.length > 0) this.#open.add(items);
    yield* items;
    this.#open.delete(items);
    this.#output.uint8(short ?? opcodes.TUPLE);
    this.#memoise(items.length > 0 ? items : undefined);
  }

  *#dict(dict: PickleDict<PickleInput>): Steps {
    this.#output.uint8(opcodes.EMPTY_DICT);
    this.#memoise(dict);
    yield* this.#setItems(dict);
    yield* this.#build(statesOf(dict));
  }

  *#set(set: PickleSet<PickleInput>): Steps {
    if (set.frozen) {
      this.#open.add(set);
      this.#output.uint8(opcodes.MARK);
      yield* set.items;
      this.#open.delete(set);
      this.#output.uint8(opcodes.FROZENSET);
      return this.#memoise(set);
    }
    this.#output.uint8(opcodes.EMPTY_SET);
    this.#memoise(set);
    for (let start = 0; start < set.items.length; start += batchLength) {
      this.#output.uint8(opcodes.MARK);
      yield* set.items.slice(start, start + batchLength);
      this.#output.uint8(opcodes.ADDITEMS);
    }
  }

  *#object(object: PickleObject<PickleInput>): Steps {
    const { made, callable, args, keywords, items, entries } = object;
    this.#open.add(object);
    yield callable;
    yield this.#lowering.argumentTuple(args);
    if (keywords !== undefined) yield keywords;
    this.#open.delete(object);
    this.#output.uint8(
      made === "newobj-ex"
        ? opcodes.NEWOBJ_EX
        : made === "newobj"
          ? opcodes.NEWOBJ
          : opcodes.REDUCE,
    );
    this.#memoise(object);
    if (items !== undefined) yield* this.#append(items);
    if (entries !== undefined) yield* this.#setItems(entries);
    yield* this.#build(statesOf(object));
  }

  *#persistentId(value: PicklePersistentId<PickleInput>): Steps {
    this.#open.add(value);
    yield value.id;
    this.#open.delete(value);
    this.#output.uint8(opcodes.BINPERSID);
    this.#memoise(value);
  }

  *#append(items: readonly PickleInput[]): Steps {
    yield* this.#batches(items.length, opcodes.APPEND, opcodes.APPENDS, (index) => [items[index] as PickleInput]);
  }

  *#setItems({ entries }: PickleDict<PickleInput>): Steps {
    yield* this.#batches(entries.length, opcodes.SETITEM, opcodes.SETITEMS, (index) => entries[index] as PickleEntry<PickleInput>);
  }

  /** One item alone, several between MARK and the plural opcode. */
  *#batches(count: number, single: number, plural: number, at: (index: number) => Iterable<PickleInput>): Steps {
    if (count === 1) {
      yield* at(0);
      this.#output.uint8(single);
      return;
    }
    for (let start = 0; start < count; start += batchLength) {
      this.#output.uint8(opcodes.MARK);
      for (let index = start; index < Math.min(start + batchLength, count); index++) yield* at(index);
      this.#output.uint8(plural);
    }
  }

  *#build(states: readonly PickleInput[]): Steps {
    for (const state of states) {
      yield state;
      this.#output.uint8(opcodes.BUILD);
    }
  }

  #memoise(identity: unknown): void {
    if (identity === undefined || !this.#shared.has(identity)) return;
    const index = this.#memo.size;
    this.#memo.set(identity, index);
    if (this.#protocol === 4) this.#output.uint8(opcodes.MEMOIZE);
    else this.#indexed(opcodes.BINPUT, opcodes.LONG_BINPUT, index);
  }

  #indexed(short: number, long: number, index: number): void {
    this.#output.uint8(index <= 0xff ? short : long);
    if (index <= 0xff) this.#output.uint8(index);
    else this.#output.int32(index);
  }
}
