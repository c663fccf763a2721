import { PickleDict } from "../pickle-dict.ts";
import type { PickleObject, PickleObjectOrigin, PickleValue } from "../values.ts";
import { describe } from "../describe.ts";
import { takeTextLine } from "./arguments.ts";
import type { Machine, Opcode } from "./machine.ts";
import { memoryCosts } from "./memory-costs.ts";
import { pythonThreeName } from "./python-names.ts";

/** Names, calls and what is put into their results: where Python would import and run, nodes are made. */
export const objectOpcodes: readonly Opcode[] = [
  {
    code: 0x63,
    name: "GLOBAL",
    argument: 0,
    run(machine) {
      const names = takeNames(machine);
      if (names !== undefined) machine.push(machine.global(...pythonThreeName(...names)));
    },
  },
  {
    code: 0x93,
    name: "STACK_GLOBAL",
    argument: 0,
    run(machine) {
      const name = machine.pop();
      const module = machine.pop();
      if (typeof module !== "string" || typeof name !== "string") {
        throw machine.error("pickle-type", `A module and a name are expected as text, but found ${describe(module)} and ${describe(name)}`);
      }
      // Only Python 3 writes this opcode: the names are its own already.
      machine.push(machine.global(module, name));
    },
  },
  {
    code: 0x52,
    name: "REDUCE",
    argument: 0,
    run(machine) {
      const args = popArguments(machine);
      pushObject(machine, "reduce", machine.pop(), args);
    },
  },
  {
    code: 0x81,
    name: "NEWOBJ",
    argument: 0,
    run(machine) {
      const args = popArguments(machine);
      pushObject(machine, "newobj", machine.pop(), args);
    },
  },
  {
    code: 0x92,
    name: "NEWOBJ_EX",
    argument: 0,
    run(machine) {
      const keywords = machine.pop();
      if (!(keywords instanceof PickleDict))
        throw machine.error("pickle-type", `Keyword arguments are expected as a dict, but found ${describe(keywords)}`);
      const args = popArguments(machine);
      pushObject(machine, "newobj-ex", machine.pop(), args, keywords);
    },
  },
  {
    code: 0x69,
    name: "INST",
    argument: 0,
    run(machine) {
      const names = takeNames(machine);
      if (names === undefined) return;
      const args = machine.popToMark();
      pushObject(machine, "inst", machine.global(...pythonThreeName(...names)), args);
    },
  },
  {
    code: 0x6f,
    name: "OBJ",
    argument: 0,
    run(machine) {
      const [callable, ...args] = machine.popToMark();
      if (callable === undefined) throw machine.error("pickle-stack", "A class is expected above the MARK, but nothing is there");
      pushObject(machine, "obj", callable, args);
    },
  },
  {
    code: 0x62,
    name: "BUILD",
    argument: 0,
    run(machine) {
      const state = machine.pop();
      const target = machine.top();
      if (typeof target !== "object" || (target?.kind !== "object" && target?.kind !== "dict")) {
        throw machine.error("pickle-type", `It applies to an object or a dict, but finds ${describe(target)}`);
      }
      machine.spend("memory", memoryCosts.node);
      if (target.state !== undefined) (target.earlierStates ??= []).push(target.state);
      target.state = state;
    },
  },
  {
    code: 0x50,
    name: "PERSID",
    argument: 0,
    run(machine) {
      const id = takeTextLine(machine);
      if (id !== undefined) pushPersistentId(machine, id);
    },
  },
  {
    code: 0x51,
    name: "BINPERSID",
    argument: 0,
    run: (machine) => pushPersistentId(machine, machine.pop()),
  },
];

function takeNames(machine: Machine): readonly [module: string, name: string] | undefined {
  const module = takeTextLine(machine);
  if (module === undefined) return undefined;
  const name = takeTextLine(machine);
  if (name === undefined) return undefined;
  machine.spendText(module.length + name.length);
  return [module, name];
}

function popArguments(machine: Machine): readonly PickleValue[] {
  const args = machine.pop();
  if (typeof args !== "object" || args?.kind !== "tuple")
    throw machine.error("pickle-type", `Arguments are expected as a tuple, but found ${describe(args)}`);
  return args.items;
}

function pushObject(
  machine: Machine,
  made: PickleObjectOrigin,
  callable: PickleValue,
  args: readonly PickleValue[],
  keywords?: PickleDict,
): void {
  // Python can call what it has imported, made or been handed from outside; a list or a number never.
  if (typeof callable !== "object" || (callable?.kind !== "global" && callable?.kind !== "object" && callable?.kind !== "persistent-id")) {
    throw machine.error("pickle-type", `A class or function is expected, but found ${describe(callable)}`);
  }
  machine.spendNode(memoryCosts.node);
  const node: PickleObject = { kind: "object", made, callable, args, ...(keywords === undefined ? {} : { keywords }) };
  machine.objects.push(node);
  machine.push(node);
}

function pushPersistentId(machine: Machine, id: PickleValue): void {
  machine.spendNode(memoryCosts.node);
  machine.push({ kind: "persistent-id", id });
}
