import { type PickleLimits, resolveLimits } from "../limits.ts";
import type { PickleSource } from "../source.ts";
import type { PickleObject, PickleValue } from "../values.ts";
import { Machine } from "./machine.ts";
import { opcodeTable } from "./opcode-table.ts";
import { Window } from "./window.ts";

/** How to read a pickle. */
export interface ReadPickleOptions {
  /** Offset in the source of the pickle's first byte. Default 0. */
  readonly offset?: number;
  /** Offset in the source that must not be read past. Default: the source's size. */
  readonly end?: number;
  /** Ceilings to use instead of {@link defaultLimits}. */
  readonly limits?: Partial<PickleLimits>;
  /**
   * Payloads of bytes of at least so many bytes stay in the source. Default {@link defaultLazyBytes}; 0 leaves all,
   * Infinity none. A Python-2 `str` of less than 256 bytes is always read: it may be a name.
   */
  readonly lazyBytes?: number;
  /**
   * Payloads of text of at least so many bytes stay in the source. Default {@link defaultLazyText}; Infinity leaves none.
   * Less than 256 means 256: shorter texts may be names.
   */
  readonly lazyText?: number;
}

/** A pickle, read. */
export interface PickleReading {
  /** What was on top of the stack at STOP. */
  readonly value: PickleValue;
  /** As PROTO states it; 0 for protocols 0 and 1, which state none. */
  readonly protocol: number;
  /**
   * All objects that the pickle made, in order, also those that are no part of the value: each is a call that Python would have made, and
   * calls have effects. See `touchedNodes`.
   */
  readonly objects: readonly PickleObject[];
  /** Bytes of memory that were accounted for: see `PickleLimits.memory`. */
  readonly memory: number;
  /** Offset in the source just past STOP, where the next pickle of a stream begins. Bytes behind it are not looked at. */
  readonly end: number;
}

/** Arrays of weights are longer than this; file names, digests and random states mostly are not. */
export const defaultLazyBytes = 1024;

/** Keys, names and documents are shorter than this; arrays of bytes that protocol 2 spells as Latin-1 text mostly are not. */
export const defaultLazyText = 65_536;

/**
 * Reads one pickle of protocol 0 to 5 into inert values, without running anything: classes, functions and calls become
 * nodes. The source is read in windows; payloads of bytes from `lazyBytes` and of text from `lazyText` on are skipped
 * and stay in the source (see `readBytes`, `readText`).
 *
 * Opcodes: CPython, Lib/pickletools.py. What CPython would refuse for its structure (underflow, unhashable keys, an
 * APPEND to a number) is refused; what it would import, call or store into an object of a class of its own is taken as
 * it stands. Values left below the top of the stack at STOP are dropped, as in CPython.
 *
 * @throws PickleError with one of {@link PickleErrorCode}; errors of `source.read` pass through.
 */
export async function readPickle(source: PickleSource | Uint8Array, options: ReadPickleOptions = {}): Promise<PickleReading> {
  const { offset = 0, end, lazyBytes = defaultLazyBytes, lazyText = defaultLazyText } = options;
  const window = new Window(source, offset, end);
  const machine = new Machine(window, { limits: resolveLimits(options.limits), lazyBytes, lazyText }, opcodeTable);
  for (let wanted = machine.run(); wanted !== 0; wanted = machine.run()) await window.refill(wanted);
  return { value: machine.pop(), protocol: machine.protocol, objects: machine.objects, memory: machine.memory, end: window.offset };
}
