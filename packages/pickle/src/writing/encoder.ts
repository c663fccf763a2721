import { PickleError } from "../errors.ts";
import type { PickleDict, PickleInput, PickleObject, PickleSet, PickleTuple } from "../values.ts";
import { describe } from "../describe.ts";
import { writeBytesHeader, writeFloat, writeGlobal, writeInteger, writeNumber, writeText } from "./atoms.ts";
import { type LoweredValue, type Lowering, statesOf, type WrittenProtocol } from "./lowering.ts";
import { opcodes } from "./opcodes.ts";
import type { Output } from "./output.ts";

// As CPython: no reader needs more of a list or dict on its stack at once.
const batchLength = 1000;

/** Something to be done when what stands before it is written. */
class Step {
  readonly run: () => void;

  constructor(run: () => void) {
    this.run = run;
  }
}

/** Writes values as opcodes. What is left to write stands on a stack of its own: depth costs memory and nothing else. */
export class Encoder {
  readonly #output: Output;
  readonly #protocol: WrittenProtocol;
  readonly #lowering: Lowering;
  readonly #shared: ReadonlySet<unknown>;
  readonly #memo: Map<unknown, number> = new Map();
  /** Identities of what is begun and cannot be referred to yet. */
  readonly #open: Set<unknown> = new Set();
  readonly #pending: (PickleInput | Step)[] = [];
  readonly #opcodeSteps: Map<number, Step> = new Map();

  constructor(output: Output, protocol: WrittenProtocol, lowering: Lowering, shared: ReadonlySet<unknown>) {
    this.#output = output;
    this.#protocol = protocol;
    this.#lowering = lowering;
    this.#shared = shared;
  }

  encode(root: PickleInput): void {
    const pending = this.#pending;
    pending.push(root);
    while (pending.length > 0) {
      const next = pending.pop();
      if (next instanceof Step) next.run();
      else this.#begin(next as PickleInput);
    }
  }

  /** Writes a value that holds no other, or begins one that does. */
  #begin(input: PickleInput): void {
    const value = this.#lowering.lower(input);
    const identity = this.#lowering.identity(value);
    const index = identity === undefined ? undefined : this.#memo.get(identity);
    if (index !== undefined) return this.#indexed(opcodes.BINGET, opcodes.LONG_BINGET, index);
    if (this.#open.has(identity)) {
      throw new PickleError(
        "pickle-cycle",
        `${describe(value)} contains itself; only through the items of a list or dict, or the contents of an object, can that be written`,
      );
    }
    if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
      switch (value.kind) {
        case "list":
          this.#output.uint8(opcodes.EMPTY_LIST);
          this.#memoise(value);
          return this.#schedule(this.#appended(value.items));
        case "tuple":
          return this.#tuple(value);
        case "dict":
          this.#output.uint8(opcodes.EMPTY_DICT);
          this.#memoise(value);
          return this.#schedule([...this.#stored(value), ...this.#built(value)]);
        case "set":
          return this.#set(value);
        case "object":
          return this.#object(value);
        case "persistent-id":
          return this.#whole(value, [value.id], opcodes.BINPERSID);
        case "global":
          if (this.#protocol === 4) return this.#whole(identity, [value.module, value.name], opcodes.STACK_GLOBAL);
      }
    }
    this.#atom(value);
    this.#memoise(identity);
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
        throw new PickleError("pickle-type", `An object of the kind ${value.kind} cannot be written`);
    }
  }

  #tuple({ items }: PickleTuple<PickleInput>): void {
    const short = [opcodes.EMPTY_TUPLE, opcodes.TUPLE1, opcodes.TUPLE2, opcodes.TUPLE3][items.length];
    if (short === undefined) this.#output.uint8(opcodes.MARK);
    this.#whole(items.length > 0 ? items : undefined, items, short ?? opcodes.TUPLE);
  }

  #set(set: PickleSet<PickleInput>): void {
    if (set.frozen) {
      this.#output.uint8(opcodes.MARK);
      return this.#whole(set, set.items, opcodes.FROZENSET);
    }
    this.#output.uint8(opcodes.EMPTY_SET);
    this.#memoise(set);
    this.#schedule(this.#batches(set.items, 1, undefined, opcodes.ADDITEMS));
  }

  #object(object: PickleObject<PickleInput>): void {
    const { made, callable, args, keywords, items, entries } = object;
    const parts = [callable, this.#lowering.argumentTuple(args)];
    if (keywords !== undefined) parts.push(keywords);
    this.#schedule([
      ...(items === undefined ? [] : this.#appended(items)),
      ...(entries === undefined ? [] : this.#stored(entries)),
      ...this.#built(object),
    ]);
    this.#whole(object, parts, made === "newobj-ex" ? opcodes.NEWOBJ_EX : made === "newobj" ? opcodes.NEWOBJ : opcodes.REDUCE);
  }

  /** A value that exists, and can be referred to, only once all its parts are written. */
  #whole(identity: unknown, parts: readonly PickleInput[], opcode: number): void {
    if (identity !== undefined) this.#open.add(identity);
    const close = new Step(() => {
      this.#open.delete(identity);
      this.#output.uint8(opcode);
      this.#memoise(identity);
    });
    this.#schedule([...parts, close]);
  }

  #appended(items: readonly PickleInput[]): (PickleInput | Step)[] {
    return this.#batches(items, 1, opcodes.APPEND, opcodes.APPENDS);
  }

  #stored({ entries }: PickleDict<PickleInput>): (PickleInput | Step)[] {
    return this.#batches(entries.flat(), 2, opcodes.SETITEM, opcodes.SETITEMS);
  }

  #built(value: PickleDict<PickleInput> | PickleObject<PickleInput>): (PickleInput | Step)[] {
    return statesOf(value).flatMap((state) => [state, this.#emit(opcodes.BUILD)]);
  }

  /** Values for a container, `width` at a time: one alone where there is an opcode for it, several between MARK and the plural opcode. */
  #batches(values: readonly PickleInput[], width: 1 | 2, single: number | undefined, plural: number): (PickleInput | Step)[] {
    if (values.length === width && single !== undefined) return [...values, this.#emit(single)];
    const parts: (PickleInput | Step)[] = [];
    for (let start = 0; start < values.length; start += batchLength * width) {
      parts.push(this.#emit(opcodes.MARK));
      const end = Math.min(start + batchLength * width, values.length);
      for (let index = start; index < end; index++) parts.push(values[index] as PickleInput);
      parts.push(this.#emit(plural));
    }
    return parts;
  }

  /** Puts parts before everything that is pending. */
  #schedule(parts: readonly (PickleInput | Step)[]): void {
    for (let index = parts.length - 1; index >= 0; index--) this.#pending.push(parts[index] as PickleInput | Step);
  }

  #emit(opcode: number): Step {
    let step = this.#opcodeSteps.get(opcode);
    if (step === undefined) {
      step = new Step(() => this.#output.uint8(opcode));
      this.#opcodeSteps.set(opcode, step);
    }
    return step;
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
