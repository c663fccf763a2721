import { PickleError, type PickleErrorCode } from "../errors.ts";
import { KeyTable } from "../key-table.ts";
import type { PickleLimits } from "../limits.ts";
import type { PickleGlobal, PickleObject, PickleTuple, PickleValue } from "../values.ts";
import { Memo } from "./memo.ts";
import { memoryCosts } from "./memory-costs.ts";
import type { Window } from "./window.ts";

/** What the opcodes need to know besides the bytes. */
export interface MachineSettings {
  readonly limits: PickleLimits;
  /** Payloads of bytes of at least this many stay in the source. */
  readonly lazyBytes: number;
  /** Payloads of text of at least this many bytes stay in the source. */
  readonly lazyText: number;
}

/** One instruction of the pickle machine. */
export interface Opcode {
  /** The byte that stands for it. */
  readonly code: number;
  /** Its name in Python's `pickletools`. */
  readonly name: string;
  /** Bytes of its argument whose number is fixed; they are in memory when it runs. */
  readonly argument: number;
  /** Runs it. The window stands behind the code; what the opcode does not take of its argument is decoded as opcodes. */
  run(machine: Machine): void;
}

/**
 * The pickle machine: a stack with marks, a memo, and what it costs. It decodes opcodes as long as the window holds
 * them, without waiting; an opcode that needs more says so before it has changed anything, and is started again once
 * the window was refilled.
 */
export class Machine {
  readonly window: Window;
  readonly settings: MachineSettings;
  /** Equality of dict keys and set items, shared by the whole pickle. */
  readonly keys: KeyTable = new KeyTable((characters) => this.spend("memory", memoryCosts.keyToken + memoryCosts.character * characters));
  /** All objects that were made, also those that are no part of the value. */
  readonly objects: PickleObject[] = [];
  readonly emptyTuple: PickleTuple = { kind: "tuple", items: [] };
  /** As the last PROTO said; 0 before any. */
  protocol = 0;
  stopped = false;

  readonly #opcodes: readonly (Opcode | undefined)[];
  readonly #memo: Memo = new Memo();
  readonly #globals: Map<string, PickleGlobal> = new Map();
  readonly #marks: number[] = [];
  readonly #spent: { memory: number; operations: number; nodes: number; textBytes: number; inlineBytes: number } = {
    memory: 0,
    operations: 0,
    nodes: 0,
    textBytes: 0,
    inlineBytes: 0,
  };
  #stack: PickleValue[] = [];
  /** The most places that stack and marks had at once. */
  #highest = 0;
  /** Height of the stack at the topmost mark: an opcode without a mark of its own may not take values from below it. */
  #fence = 0;
  #opcode: Opcode | undefined;
  #opcodeOffset = 0;
  #wanted = 0;

  constructor(window: Window, settings: MachineSettings, opcodes: readonly (Opcode | undefined)[]) {
    this.window = window;
    this.settings = settings;
    this.#opcodes = opcodes;
  }

  /** Decodes up to STOP or the end of the window. Returns how many bytes it needs from the window's position on, 0 after STOP. */
  run(): number {
    const { window, settings } = this;
    const limit = settings.limits.operations;
    while (!this.stopped) {
      const { position, bytes } = window;
      this.#opcodeOffset = window.base + position;
      this.#opcode = undefined;
      if (position >= bytes.length) return this.#ask(1);
      const opcode = this.#opcodes[bytes[position] as number];
      if (opcode === undefined) throw this.#unknownOpcode();
      this.#opcode = opcode;
      if (bytes.length - position <= opcode.argument) return this.#ask(1 + opcode.argument);
      if (this.#spent.operations++ >= limit) throw this.exceeded("operations");
      window.position = position + 1;
      opcode.run(this);
      if (this.#wanted !== 0) {
        window.position = position;
        const wanted = this.#wanted;
        this.#wanted = 0;
        return this.#ask(wanted);
      }
    }
    return 0;
  }

  /** An error at the opcode that runs. */
  error(code: PickleErrorCode, message: string, limit?: keyof PickleLimits): PickleError {
    return new PickleError(code, message, {
      offset: this.#opcodeOffset,
      opcode: this.#opcode?.name,
      limit,
    });
  }

  exceeded(limit: keyof PickleLimits): PickleError {
    return this.error(
      "pickle-limit",
      `The pickle needs more than the limit ${limit} of ${this.settings.limits[limit]}; give a higher one in options.limits if you trust the file with it`,
      limit,
    );
  }

  /** To be called before any change: ends the opcode, which starts again when so many bytes behind its fixed argument are in memory. */
  want(argumentBytes: number): void {
    this.#wanted = 1 + argumentBytes;
  }

  /** To be called before any change: ends the opcode, which starts again when more of the source is in memory. */
  wantLine(): void {
    const { window } = this;
    const inMemory = window.base + window.bytes.length - this.#opcodeOffset;
    const left = window.end - this.#opcodeOffset;
    this.#wanted = inMemory < left ? Math.min(inMemory * 2, left) : left + 1;
  }

  /** Bytes of memory that were accounted for. */
  get memory(): number {
    return this.#spent.memory;
  }

  /** Checks a length that the pickle states against what is left of the source. */
  checkLength(length: number): void {
    const { remaining } = this.window;
    if (length > remaining) {
      throw this.error("pickle-truncated", `A length of ${length} bytes is stated, but only ${remaining} are left`);
    }
  }

  /** Accounts for what an opcode makes. */
  spend(limit: "memory" | "nodes" | "textBytes" | "inlineBytes", amount: number): void {
    this.#spent[limit] += amount;
    if (this.#spent[limit] > this.settings.limits[limit]) throw this.exceeded(limit);
  }

  /** Accounts for a node of a container, object or payload. */
  spendNode(memory: number): void {
    this.spend("nodes", 1);
    this.spend("memory", memory);
  }

  /** Accounts for a decoded text of so many bytes. */
  spendText(bytes: number): void {
    this.spend("textBytes", bytes);
    this.spend("memory", memoryCosts.text + memoryCosts.character * bytes);
  }

  push(value: PickleValue): void {
    this.#rise();
    this.#stack.push(value);
  }

  pop(): PickleValue {
    if (this.#stack.length <= this.#fence) throw this.#underflow();
    return this.#stack.pop() as PickleValue;
  }

  top(): PickleValue {
    if (this.#stack.length <= this.#fence) throw this.#underflow();
    return this.#stack.at(-1) as PickleValue;
  }

  mark(): void {
    this.#rise();
    this.#fence = this.#stack.length;
    this.#marks.push(this.#fence);
  }

  /** The values above the topmost mark; they and the mark are gone from the stack. */
  popToMark(): PickleValue[] {
    const height = this.#marks.pop();
    if (height === undefined) throw this.error("pickle-stack", "A MARK is expected on the stack, but there is none");
    this.#fence = this.#marks.at(-1) ?? 0;
    if (height === 0) {
      const values = this.#stack;
      this.#stack = [];
      return values;
    }
    const values = this.#stack.slice(height);
    this.#stack.length = height;
    return values;
  }

  /** Whether the topmost thing on the stack is a mark. */
  get atMark(): boolean {
    return this.#marks.length > 0 && this.#stack.length === this.#fence;
  }

  remember(index: number, value: PickleValue): void {
    const before = this.#memo.size;
    const isDense = this.#memo.put(index, value);
    if (this.#memo.size > before) this.spend("memory", isDense ? memoryCosts.place : memoryCosts.sparseMemoEntry);
    if (this.#memo.size > this.settings.limits.memoEntries) throw this.exceeded("memoEntries");
  }

  recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.error("pickle-memo", `Memo entry ${index} was never set`);
    return value;
  }

  /** Number of memo entries: the index that MEMOIZE sets. */
  get memoSize(): number {
    return this.#memo.size;
  }

  /** The one node of a class or function. */
  global(module: string, name: string): PickleGlobal {
    const key = `${module.length} ${module} ${name}`;
    let node = this.#globals.get(key);
    if (node === undefined) {
      this.spendNode(memoryCosts.node + memoryCosts.keyToken);
      node = { kind: "global", module, name };
      this.#globals.set(key, node);
    }
    return node;
  }

  /** Accounts for one more place on the stack. */
  #rise(): void {
    const places = this.#stack.length + this.#marks.length;
    if (places >= this.settings.limits.stackDepth) throw this.exceeded("stackDepth");
    if (places < this.#highest) return;
    this.#highest = places + 1;
    this.spend("memory", memoryCosts.place);
  }

  #ask(wanted: number): number {
    const { remaining } = this.window;
    if (wanted <= remaining) return wanted;
    throw this.#opcode === undefined
      ? this.error("pickle-truncated", "The pickle ends without STOP")
      : this.error("pickle-truncated", `The opcode and its argument take at least ${wanted} bytes, but only ${remaining} are left`);
  }

  #underflow(): PickleError {
    return this.error(
      "pickle-stack",
      this.#marks.length > 0
        ? "A value is expected on the stack, but a MARK is there"
        : "A value is expected on the stack, but it is empty",
    );
  }

  #unknownOpcode(): PickleError {
    const { bytes, position } = this.window;
    const start = bytes.subarray(position, position + 16);
    const shown = Array.from(start, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    const first = this.#spent.operations === 0;
    const found = `0x${(bytes[position] as number).toString(16).padStart(2, "0")}`;
    return this.error(
      "pickle-opcode",
      `${first ? "This is not a pickle: it begins with" : "No opcode of protocols 0 to 5 has the code"} ${found}, in "${shown}"`,
    );
  }
}
