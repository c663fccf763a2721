import { parseDecimal } from "../text/python-literals.ts";
import { latin1Text } from "../text/latin1.ts";
import { takeLine, takeUint32, takeUint64, takeUint8 } from "./arguments.ts";
import type { Machine, Opcode } from "./machine.ts";

const maxProtocol = 5;

/** The frame of a pickle, its stack and its memo. */
export const controlOpcodes: readonly Opcode[] = [
  {
    code: 0x80,
    name: "PROTO",
    argument: 1,
    run(machine) {
      const protocol = takeUint8(machine);
      if (protocol > maxProtocol)
        throw machine.error("pickle-unsupported", `Protocol ${protocol} is stated; protocols 0 to ${maxProtocol} can be read`);
      machine.protocol = protocol;
    },
  },
  {
    code: 0x95,
    name: "FRAME",
    argument: 8,
    // As CPython's C unpickler: a frame must be there in full, but opcodes may cross its end.
    run: (machine) => machine.checkLength(takeUint64(machine)),
  },
  {
    code: 0x2e,
    name: "STOP",
    argument: 0,
    run(machine) {
      machine.top();
      machine.stopped = true;
    },
  },
  { code: 0x28, name: "MARK", argument: 0, run: (machine) => machine.mark() },
  { code: 0x31, name: "POP_MARK", argument: 0, run: (machine) => void machine.popToMark() },
  {
    code: 0x30,
    name: "POP",
    argument: 0,
    // On a mark, POP takes the mark (Lib/pickle.py, load_pop).
    run: (machine) => void (machine.atMark ? machine.popToMark() : machine.pop()),
  },
  { code: 0x32, name: "DUP", argument: 0, run: (machine) => machine.push(machine.top()) },
  {
    code: 0x71,
    name: "BINPUT",
    argument: 1,
    run: (machine) => machine.remember(takeUint8(machine), machine.top()),
  },
  {
    code: 0x72,
    name: "LONG_BINPUT",
    argument: 4,
    run: (machine) => machine.remember(takeUint32(machine), machine.top()),
  },
  {
    code: 0x94,
    name: "MEMOIZE",
    argument: 0,
    run: (machine) => machine.remember(machine.memoSize, machine.top()),
  },
  {
    code: 0x70,
    name: "PUT",
    argument: 0,
    run(machine) {
      const index = takeIndexLine(machine);
      if (index !== undefined) machine.remember(index, machine.top());
    },
  },
  {
    code: 0x68,
    name: "BINGET",
    argument: 1,
    run: (machine) => machine.push(machine.recall(takeUint8(machine))),
  },
  {
    code: 0x6a,
    name: "LONG_BINGET",
    argument: 4,
    run: (machine) => machine.push(machine.recall(takeUint32(machine))),
  },
  {
    code: 0x67,
    name: "GET",
    argument: 0,
    run(machine) {
      const index = takeIndexLine(machine);
      if (index !== undefined) machine.push(machine.recall(index));
    },
  },
  ...["EXT1", "EXT2", "EXT4"].map((name, index): Opcode => ({
    code: 0x82 + index,
    name,
    argument: 0,
    run(machine) {
      throw machine.error(
        "pickle-unsupported",
        "It names a class by a number that only the Python process that wrote it knows (copyreg.add_extension); save the file again without extension codes",
      );
    },
  })),
  ...["NEXT_BUFFER", "READONLY_BUFFER"].map((name, index): Opcode => ({
    code: 0x97 + index,
    name,
    argument: 0,
    run(machine) {
      throw machine.error(
        "pickle-unsupported",
        "The bytes stand outside of the pickle (protocol 5's buffer_callback); save the file again with the bytes inside",
      );
    },
  })),
];

function takeIndexLine(machine: Machine): number | undefined {
  const line = takeLine(machine);
  if (line === undefined) return undefined;
  const text = latin1Text(line.subarray(0, 40));
  const index = parseDecimal(text);
  if (typeof index !== "number" || index < 0 || line.length > 40) throw machine.error("pickle-literal", `"${text}" is no memo index`);
  return index;
}
