import { describe as suite, expect, test } from "vitest";
import { readPickle, writePickle, type PickleSegment } from "../src/index.ts";
import { defaultLimits } from "../src/limits.ts";
import { Machine } from "../src/reading/machine.ts";
import type { Opcode } from "../src/reading/machine.ts";
import { opcodeTable } from "../src/reading/opcode-table.ts";
import { Window } from "../src/reading/window.ts";
import { fixture, fromBase64, goldenCases } from "./fixtures.ts";
import { tagged } from "./tagged.ts";

const cases = goldenCases();
const written = cases.flatMap(({ optimized, ...rest }) => (optimized === undefined ? [] : [{ ...rest, optimized: fromBase64(optimized) }]));
const everything = { lazyBytes: Infinity, lazyText: Infinity };

test.each(cases)("reads what CPython writes: $name", async ({ value, pickles }) => {
  for (const { protocol, base64 } of pickles) {
    const bytes = fromBase64(base64);
    for (const options of [{}, { lazyBytes: 0, lazyText: 0 }, everything]) {
      const reading = await readPickle(bytes, options);
      expect(await tagged(reading.value, bytes, value)).toEqual(value);
      expect(reading.protocol).toBe(protocol < 2 ? 0 : protocol);
      expect(reading.end).toBe(bytes.length);
    }
  }
});

test.each(cases)("reads it through a window that never holds more than it must: $name", async ({ value, pickles }) => {
  for (const { base64 } of pickles) {
    const bytes = fromBase64(base64);
    const source = { size: bytes.length, read: async (offset: number, length: number) => bytes.slice(offset, offset + length) };
    const window = new Window(source, 0, undefined, 1);
    const machine = new Machine(window, { limits: defaultLimits, lazyBytes: 64, lazyText: 64 }, opcodeTable);
    for (let wanted = machine.run(); wanted !== 0; wanted = machine.run()) await window.refill(wanted);
    expect(await tagged(machine.pop(), bytes, value)).toEqual(value);
    expect(window.offset).toBe(bytes.length);
  }
});

test.each(written.filter(({ name }) => !name.includes("LONG4")))(
  "writes CPython's bytes, less the memo entries that nothing refers to: $name",
  async ({ name, optimized, pickles }) => {
    // CPython spells b"" as builtins.bytes(), which torch does not take: only what it wrote in protocol 2 comes back the same.
    const sources = name.startsWith("byte") ? [optimized] : [optimized, ...pickles.map(({ base64 }) => fromBase64(base64))];
    for (const source of sources) {
      const { value } = await readPickle(source, everything);
      expect(joined(writePickle(value, { protocol: 2 }))).toEqual(optimized);
    }
  },
);

test.each(written)("reads what it writes: $name", async ({ name, value, pickles }) => {
  // torch takes no LONG4.
  for (const protocol of name.includes("LONG4") ? ([4] as const) : ([2, 4] as const)) {
    for (const { base64 } of pickles) {
      const reading = await readPickle(fromBase64(base64), everything);
      const bytes = joined(writePickle(reading.value, { protocol }));
      expect(await tagged((await readPickle(bytes)).value, bytes, value)).toEqual(value);
    }
  }
});

suite("opcodes", () => {
  test("all stand in a fixture, but those that are refused, and those of Python 2 and of foreign picklers", () => {
    const seen = new Set<string>();
    const watched = opcodeTable.map((opcode) => opcode && watch(opcode, seen));
    const fixtures = ["torch-data.pkl", "objects-2.pkl", "objects-5.pkl"].map(fixture);
    for (const bytes of [...fixtures, ...cases.flatMap(({ pickles }) => pickles.map(({ base64 }) => fromBase64(base64)))]) {
      new Machine(new Window(bytes, 0), { limits: defaultLimits, lazyBytes: 1024, lazyText: 1024 }, watched).run();
    }
    const missing = opcodeTable.flatMap((opcode) => (opcode === undefined || seen.has(opcode.name) ? [] : [opcode.name]));
    const refused = ["EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"];
    expect(missing.toSorted()).toEqual([...refused, "INST", "OBJ", "PERSID"].toSorted());
  });
});

function watch(opcode: Opcode, seen: Set<string>): Opcode {
  return {
    ...opcode,
    run(machine): void {
      seen.add(opcode.name);
      opcode.run(machine);
    },
  };
}

function joined(segments: readonly PickleSegment[]): Uint8Array {
  return Uint8Array.from(segments.flatMap((segment) => (segment instanceof Uint8Array ? [...segment] : [])));
}
