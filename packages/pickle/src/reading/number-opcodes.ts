import { decodeTwosComplement } from "../integers.ts";
import { parseDecimal, parseFloatText } from "../text/python-literals.ts";
import { latin1Text } from "../text/latin1.ts";
import { takeInt32, takeLine, takeUint16, takeUint8 } from "./arguments.ts";
import type { Machine, Opcode } from "./machine.ts";

/** None, booleans, ints and floats. */
export const numberOpcodes: readonly Opcode[] = [
  { code: 0x4e, name: "NONE", argument: 0, run: (machine) => machine.push(null) },
  { code: 0x88, name: "NEWTRUE", argument: 0, run: (machine) => machine.push(true) },
  { code: 0x89, name: "NEWFALSE", argument: 0, run: (machine) => machine.push(false) },
  { code: 0x4b, name: "BININT1", argument: 1, run: (machine) => machine.push(takeUint8(machine)) },
  { code: 0x4d, name: "BININT2", argument: 2, run: (machine) => machine.push(takeUint16(machine)) },
  { code: 0x4a, name: "BININT", argument: 4, run: (machine) => machine.push(takeInt32(machine)) },
  {
    code: 0x8a,
    name: "LONG1",
    argument: 1,
    run: (machine) => pushLong(machine, takeUint8(machine), 1),
  },
  {
    code: 0x8b,
    name: "LONG4",
    argument: 4,
    run(machine) {
      const length = takeInt32(machine);
      if (length < 0) throw machine.error("pickle-literal", `An integer states a length of ${length} bytes`);
      pushLong(machine, length, 4);
    },
  },
  {
    code: 0x47,
    name: "BINFLOAT",
    argument: 8,
    run(machine) {
      const { window } = machine;
      machine.push(window.view.getFloat64(window.position));
      window.position += 8;
    },
  },
  {
    code: 0x49,
    name: "INT",
    argument: 0,
    run(machine) {
      const text = takeNumberLine(machine);
      if (text === undefined) return;
      // Protocols 0 and 1 spell the booleans so (pickletools.py, "decimalnl_short").
      if (text === "00" || text === "01") machine.push(text === "01");
      else pushDecimal(machine, text);
    },
  },
  {
    code: 0x4c,
    name: "LONG",
    argument: 0,
    run(machine) {
      const text = takeNumberLine(machine);
      if (text !== undefined) pushDecimal(machine, text.endsWith("L") ? text.slice(0, -1) : text);
    },
  },
  {
    code: 0x46,
    name: "FLOAT",
    argument: 0,
    run(machine) {
      const text = takeNumberLine(machine);
      if (text === undefined) return;
      const value = parseFloatText(text);
      if (value === undefined) throw machine.error("pickle-literal", `"${text.slice(0, 40)}" is no float`);
      machine.push(value);
    },
  },
];

function pushLong(machine: Machine, length: number, lengthBytes: number): void {
  machine.checkLength(length);
  if (length > machine.settings.limits.integerBytes) throw machine.exceeded("integerBytes");
  const { window } = machine;
  if (window.bytes.length - window.position < length) return machine.want(lengthBytes + length);
  machine.push(decodeTwosComplement(window.bytes.subarray(window.position, window.position + length)));
  window.position += length;
}

function takeNumberLine(machine: Machine): string | undefined {
  const line = takeLine(machine);
  if (line === undefined) return undefined;
  if (line.length > machine.settings.limits.integerBytes * 2.4) throw machine.exceeded("integerBytes");
  return latin1Text(line);
}

function pushDecimal(machine: Machine, text: string): void {
  const value = parseDecimal(text);
  if (value === undefined) throw machine.error("pickle-literal", `"${text.slice(0, 40)}" is no decimal integer`);
  machine.push(value);
}
