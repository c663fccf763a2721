/**
 * What a pickle holds, as inert data. Plain Python values become plain JavaScript values; everything that Python would
 * have looked up, called or filled becomes a node that only says so. Nodes are shared and may contain themselves,
 * exactly as in the pickle: walk them with a set of the ones already seen, and never by recursion.
 *
 * `number` stands for a Python float and for an int within ±(2^53 − 1); `bigint` for any other int.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleBytes
  | PickleText
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PicklePersistentId;

/**
 * What can be written: inert values as read, and besides them `Uint8Array` for bytes, {@link PickleFloat} to force a
 * float, and {@link PicklePayload} for bytes that the caller streams.
 */
export type PickleInput =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleFloat
  | PicklePayload
  | PickleBytes
  | PickleText
  | PickleList<PickleInput>
  | PickleTuple<PickleInput>
  | PickleDict<PickleInput>
  | PickleSet<PickleInput>
  | PickleGlobal
  | PickleObject<PickleInput>
  | PicklePersistentId<PickleInput>;

/** One key and its value. */
export type PickleEntry<Value = PickleValue> = readonly [key: Value, value: Value];

/**
 * A Python dict. Keys of any hashable kind keep their identity: `"__proto__"` is a key like another, `1` and `"1"` are
 * two, tuples and classes are compared as Python compares them. A key that is set again keeps its place (and its first
 * spelling) and takes the last value, as in Python.
 */
export interface PickleDict<Value extends PickleInput = PickleValue> {
  /** Tells it from the other values. */
  readonly kind: "dict";
  /** Keys and values in insertion order. */
  readonly entries: readonly PickleEntry<Value>[];
  /** Number of keys. */
  readonly size: number;
  /** The argument of a BUILD on it. */
  state?: Value;
  /** The arguments of earlier BUILDs, where there are several. */
  earlierStates?: Value[];
  /** The value of a key, or undefined. A key that Python could not hash is never found. */
  get(key: Value | string): Value | undefined;
  /** Whether a key is present. */
  has(key: Value | string): boolean;
  /**
   * Stores a value under a key.
   *
   * @throws PickleError `pickle-type` for a key Python could not hash: a list, dict, set or bytearray.
   */
  set(key: Value, value: Value): this;
  /** Keys and values in insertion order. */
  [Symbol.iterator](): ArrayIterator<PickleEntry<Value>>;
}

/** A Python set or frozenset; items that Python takes for equal are kept once, in the order of their first appearance. */
export interface PickleSet<Value extends PickleInput = PickleValue> {
  /** Tells it from the other values. */
  readonly kind: "set";
  /** In the order of their first appearance. */
  readonly items: readonly Value[];
  /** True for a frozenset. */
  readonly frozen: boolean;
  /** Whether an equal item is in the set. */
  has(item: Value): boolean;
  /**
   * Adds an item unless an equal one is there.
   *
   * @throws PickleError `pickle-type` for an item Python could not hash.
   */
  add(item: Value): this;
}

/** A Python `bytes` or `bytearray`, or a Python-2 `str` that is not short ASCII. Has either `data` or `offset`. */
export interface PickleBytes {
  /** Tells it from the other values. */
  readonly kind: "bytes";
  /** How many bytes, read or left in the source. */
  readonly byteLength: number;
  /** Where the bytes stand in the source, when they were left there. */
  readonly offset?: number;
  /** The bytes, when they were read. */
  readonly data?: Uint8Array;
  /** True for a `bytearray`. */
  readonly mutable: boolean;
  /** Present where the bytes are a Python-2 `str`, which Python 3 may take for text: see {@link asString}. */
  readonly pythonTwoString?: true;
}

/** A text payload too long to decode on the way: its UTF-8 bytes (lone surrogates encoded like any code point) stay in the source. */
export interface PickleText {
  /** Tells it from the other values. */
  readonly kind: "text";
  /** Of its first byte in the source. */
  readonly offset: number;
  /** Of its UTF-8. */
  readonly byteLength: number;
}

/** A list. */
export interface PickleList<Value = PickleValue> {
  /** Tells it from the other values. */
  readonly kind: "list";
  /** In their order. A list may hold itself. */
  items: Value[];
}

/** A tuple. */
export interface PickleTuple<Value = PickleValue> {
  /** Tells it from the other values. */
  readonly kind: "tuple";
  /** In their order. */
  readonly items: readonly Value[];
}

/** A class or function by name. Nothing is looked up; the name may contain dots. */
export interface PickleGlobal {
  /** Tells it from the other values. */
  readonly kind: "global";
  /** Dotted, as the file says it; Python 2's as Python 3's. */
  readonly module: string;
  /** Of the class or function, dotted where it lies in another. */
  readonly name: string;
}

/**
 * How an object came about: `reduce` is `callable(*args)`; `newobj` is `callable.__new__(callable, *args)`;
 * `newobj-ex` the same with keywords; `inst` and `obj` are Python 2's instances of old-style classes.
 */
export type PickleObjectOrigin = "reduce" | "newobj" | "newobj-ex" | "inst" | "obj";

/** A call that Python would have made, and what it would have put into the result. */
export interface PickleObject<Value extends PickleInput = PickleValue> {
  /** Tells it from the other values. */
  readonly kind: "object";
  /** By which opcode: what would have been done with `callable`. */
  readonly made: PickleObjectOrigin;
  /** A {@link PickleGlobal} nearly always; an object or a persistent id where the pickle calls a value it has made. */
  readonly callable: Value;
  /** What `callable` would have been given. */
  readonly args: readonly Value[];
  /** Of `newobj-ex` only. */
  readonly keywords?: PickleDict<Value>;
  /** The argument of BUILD; of the last one where there are several. */
  state?: Value;
  /** The arguments of the BUILDs before the last, in order. */
  earlierStates?: Value[];
  /** What APPEND and APPENDS added. */
  items?: Value[];
  /** What SETITEM and SETITEMS stored. */
  entries?: PickleDict<Value>;
}

/** A reference to something outside of the pickle; torch keeps its storages so. */
export interface PicklePersistentId<Value = PickleValue> {
  /** Tells it from the other values. */
  readonly kind: "persistent-id";
  /** What stands for the object outside of the pickle: torch's is a tuple that names a storage. */
  readonly id: Value;
}

/** A number to be written as a float even where it has no fraction. */
export interface PickleFloat {
  /** Tells it from the other values. */
  readonly kind: "float";
  /** The number; written as a float even where it has no fraction. */
  readonly value: number;
}

/** A `bytes` object whose bytes are not at hand: `writePickle` gives it back as a segment, and the caller puts its bytes there. */
export interface PicklePayload {
  /** Tells it from the other values. */
  readonly kind: "payload";
  /** How many bytes the caller writes in its place. */
  readonly byteLength: number;
  /** The caller's own note of what belongs here. */
  readonly reference: unknown;
}
