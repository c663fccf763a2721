import { PickleDict } from "../pickle-dict.ts";
import { PickleSet } from "../pickle-set.ts";
import type { PickleValue } from "../values.ts";
import { describe } from "../describe.ts";
import type { Machine, Opcode } from "./machine.ts";
import { memoryCosts } from "./memory-costs.ts";

/** Tuples, lists, dicts and sets, and what fills them. */
export const collectionOpcodes: readonly Opcode[] = [
  {
    code: 0x29,
    name: "EMPTY_TUPLE",
    argument: 0,
    run: (machine) => machine.push(machine.emptyTuple),
  },
  {
    code: 0x85,
    name: "TUPLE1",
    argument: 0,
    run: (machine) => pushTuple(machine, [machine.pop()]),
  },
  {
    code: 0x86,
    name: "TUPLE2",
    argument: 0,
    run(machine) {
      const second = machine.pop();
      pushTuple(machine, [machine.pop(), second]);
    },
  },
  {
    code: 0x87,
    name: "TUPLE3",
    argument: 0,
    run(machine) {
      const third = machine.pop();
      const second = machine.pop();
      pushTuple(machine, [machine.pop(), second, third]);
    },
  },
  {
    code: 0x74,
    name: "TUPLE",
    argument: 0,
    run: (machine) => pushTuple(machine, machine.popToMark()),
  },
  { code: 0x5d, name: "EMPTY_LIST", argument: 0, run: (machine) => pushList(machine, []) },
  {
    code: 0x6c,
    name: "LIST",
    argument: 0,
    run: (machine) => pushList(machine, machine.popToMark()),
  },
  {
    code: 0x61,
    name: "APPEND",
    argument: 0,
    run(machine) {
      const item = machine.pop();
      append(machine, [item]);
    },
  },
  {
    code: 0x65,
    name: "APPENDS",
    argument: 0,
    run: (machine) => append(machine, machine.popToMark()),
  },
  { code: 0x7d, name: "EMPTY_DICT", argument: 0, run: (machine) => pushDict(machine, []) },
  {
    code: 0x64,
    name: "DICT",
    argument: 0,
    run: (machine) => pushDict(machine, machine.popToMark()),
  },
  {
    code: 0x73,
    name: "SETITEM",
    argument: 0,
    run(machine) {
      const value = machine.pop();
      setItems(machine, [machine.pop(), value]);
    },
  },
  {
    code: 0x75,
    name: "SETITEMS",
    argument: 0,
    run: (machine) => setItems(machine, machine.popToMark()),
  },
  { code: 0x8f, name: "EMPTY_SET", argument: 0, run: (machine) => pushSet(machine, [], false) },
  {
    code: 0x91,
    name: "FROZENSET",
    argument: 0,
    run: (machine) => pushSet(machine, machine.popToMark(), true),
  },
  {
    code: 0x90,
    name: "ADDITEMS",
    argument: 0,
    run(machine) {
      const items = machine.popToMark();
      const target = machine.top();
      if (typeof target !== "object" || target?.kind !== "set" || target.frozen) throw wrongTarget(machine, target, "a set");
      addItems(machine, target, items);
    },
  },
];

function pushTuple(machine: Machine, items: readonly PickleValue[]): void {
  machine.spendNode(memoryCosts.node + memoryCosts.place * items.length);
  machine.push(items.length === 0 ? machine.emptyTuple : { kind: "tuple", items });
}

function pushList(machine: Machine, items: PickleValue[]): void {
  machine.spendNode(memoryCosts.node + memoryCosts.place * items.length);
  machine.push({ kind: "list", items });
}

function pushDict(machine: Machine, keysAndValues: readonly PickleValue[]): void {
  machine.spendNode(memoryCosts.dict);
  const dict: PickleDict = new PickleDict(machine.keys);
  fill(machine, dict, keysAndValues);
  machine.push(dict);
}

function pushSet(machine: Machine, items: readonly PickleValue[], frozen: boolean): void {
  machine.spendNode(memoryCosts.dict);
  const set: PickleSet = new PickleSet(frozen, machine.keys);
  addItems(machine, set, items);
  machine.push(set);
}

function addItems(machine: Machine, set: PickleSet, items: readonly PickleValue[]): void {
  machine.spend("nodes", items.length);
  machine.spend("memory", memoryCosts.entry * items.length);
  for (const item of items) {
    if (!isHashable(machine, item)) throw unhashable(machine, item, "in a set");
    set.add(item);
  }
}

function append(machine: Machine, items: PickleValue[]): void {
  const target = machine.top();
  if (typeof target !== "object" || (target?.kind !== "list" && target?.kind !== "object"))
    throw wrongTarget(machine, target, "a list or an object");
  machine.spend("memory", memoryCosts.place * items.length);
  // An array that is pushed to keeps room for 17 items, and most lists of a file are filled once.
  if (target.items === undefined || target.items.length === 0) target.items = items;
  else for (const item of items) target.items.push(item);
}

function setItems(machine: Machine, keysAndValues: readonly PickleValue[]): void {
  const target = machine.top();
  if (typeof target === "object" && target?.kind === "dict") fill(machine, target, keysAndValues);
  else if (typeof target === "object" && target?.kind === "object") {
    if (target.entries === undefined) machine.spend("memory", memoryCosts.dict);
    fill(machine, (target.entries ??= new PickleDict(machine.keys)), keysAndValues);
  } else throw wrongTarget(machine, target, "a dict or an object");
}

function fill(machine: Machine, dict: PickleDict, keysAndValues: readonly PickleValue[]): void {
  if (keysAndValues.length % 2 !== 0)
    throw machine.error("pickle-stack", `Keys and values are expected in pairs, but there are ${keysAndValues.length} values`);
  machine.spend("nodes", keysAndValues.length / 2);
  machine.spend("memory", (memoryCosts.entry * keysAndValues.length) / 2);
  for (let index = 0; index < keysAndValues.length; index += 2) {
    const key = keysAndValues[index] as PickleValue;
    if (!isHashable(machine, key)) throw unhashable(machine, key, "a dict key");
    dict.set(key, keysAndValues[index + 1] as PickleValue);
  }
}

function isHashable(machine: Machine, value: PickleValue): boolean {
  return typeof value !== "object" || machine.keys.token(value) !== undefined;
}

function wrongTarget(machine: Machine, target: PickleValue, expected: string): Error {
  return machine.error("pickle-type", `It applies to ${expected}, but finds ${describe(target)}`);
}

function unhashable(machine: Machine, value: PickleValue, role: string): Error {
  return machine.error("pickle-type", `${describe(value)} cannot be ${role}: Python could not hash it`);
}
