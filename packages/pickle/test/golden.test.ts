import { describe as suite, expect, test } from "vitest";
import { readPickle, writePickle, type PickleSegment } from "../src/index.ts";
import { opcodeTable } from "../src/reading/opcode-table.ts";
import { Machine } from "../src/reading/machine.ts";
import { Window } from "../src/reading/window.ts";
import { defaultLimits } from "../src/limits.ts";
import { fromBase64, goldenCases } from "./fixtures.ts";
import { tagged } from "./tagged.ts";

const cases = goldenCases();

suite("what CPython writes", () => {
  for (const { name, value, pickles } of cases) {
    test(name, async () => {
      for (const { protocol, base64 } of pickles) {
        const bytes = fromBase64(base64);
        for (const options of [{}, { lazyBytes: 0, lazyText: 8 }, { lazyBytes: Infinity, lazyText: Infinity }]) {
          const reading = await readPickle(bytes, options);
          expect(await tagged(reading.value, bytes, value)).toEqual(value);
          expect(reading.protocol).toBe(protocol < 2 ? 0 : protocol);
          expect(reading.end).toBe(bytes.length);
        }
      }
    });
  }
});

test("every opcode stands in a fixture or is refused by design", async () => {
  const seen = new Set<string>();
  const spied = opcodeTable.map((opcode) => opcode && { ...opcode, run: (machine: Machine) => void (seen.add(opcode.name), opcode.run(machine)) });
  for (const { pickles } of cases) {
    for (const { base64 } of pickles) new Machine(new Window(fromBase64(base64), 0), { limits: defaultLimits, lazyBytes: 1024, lazyText: 1024 }, spied).run();
  }
  const missing = opcodeTable.flatMap((opcode) => (opcode === undefined || seen.has(opcode.name) ? [] : [opcode.name]));
  // Objects are in frameworks.test.ts, the refused ones in hostile.test.ts.
  expect(missing.toSorted()).toEqual(["BINPERSID", "BUILD", "EXT1", "EXT2", "EXT4", "INST", "NEWOBJ", "NEWOBJ_EX", "NEXT_BUFFER", "OBJ", "PERSID", "READONLY_BUFFER"]);
});

suite("a window that never holds more than it must", () => {
  for (const { name, value, pickles } of cases) {
    test(name, async () => {
      for (const { base64 } of pickles) {
        const bytes = fromBase64(base64);
        const reads: number[] = [];
        const source = {
          size: bytes.length,
          read: async (offset: number, length: number) => {
            reads.push(length);
            return bytes.slice(offset, offset + length);
          },
        };
        const window = new Window(source, 0, undefined, 1);
        const machine = new Machine(window, { limits: defaultLimits, lazyBytes: 64, lazyText: 64 }, opcodeTable);
        for (let wanted = machine.run(); wanted !== 0; wanted = machine.run()) await window.refill(wanted);
        expect(await tagged(machine.pop(), bytes, value)).toEqual(value);
        expect(window.offset).toBe(bytes.length);
      }
    });
  }
});

suite("what we write in protocol 2 is what CPython writes, less the memo entries that nothing refers to", () => {
  for (const { name, optimized, pickles } of cases) {
    if (optimized === undefined || name.includes("LONG4")) continue;
    test(name, async () => {
      const expected = fromBase64(optimized);
      const sources = [expected, ...(name.startsWith("byte") ? [] : pickles.map(({ base64 }) => fromBase64(base64)))];
      for (const source of sources) {
        const { value } = await readPickle(source, { lazyBytes: Infinity, lazyText: Infinity });
        expect(joined(writePickle(value, { protocol: 2 }))).toEqual(expected);
      }
    });
  }
});

suite("what we write in both protocols reads as the same", () => {
  for (const { name, value, optimized, pickles } of cases) {
    if (optimized === undefined) continue;
    test(name, async () => {
      for (const protocol of name.includes("LONG4") ? ([4] as const) : ([2, 4] as const)) {
        for (const { base64 } of pickles) {
          const reading = await readPickle(fromBase64(base64), { lazyBytes: Infinity, lazyText: Infinity });
          const written = joined(writePickle(reading.value, { protocol }));
          expect(await tagged((await readPickle(written)).value, written, value)).toEqual(value);
        }
      }
    });
  }
});

function joined(segments: readonly PickleSegment[]): Uint8Array {
  return Uint8Array.from(segments.flatMap((segment) => (segment instanceof Uint8Array ? [...segment] : [])));
}
