import { opcodeTable } from "../src/reading/opcode-table.ts";

const codes: ReadonlyMap<string, number> = new Map(opcodeTable.flatMap((opcode) => (opcode === undefined ? [] : [[opcode.name, opcode.code]])));

/** A pickle from parts: the name of an opcode, a byte, or bytes as they are. */
export function assemble(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  const bytes: number[] = [];
  for (const part of parts) {
    if (typeof part === "number") {
      bytes.push(part);
    } else if (typeof part === "string") {
      const code = codes.get(part);
      if (code === undefined) throw new Error(`No opcode is called ${part}`);
      bytes.push(code);
    } else {
      for (const byte of part) bytes.push(byte);
    }
  }
  return Uint8Array.from(bytes);
}

/** The characters as bytes. */
export function raw(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A short text as BINUNICODE. */
export function text(content: string): Uint8Array {
  const bytes = new TextEncoder().encode(content);
  return assemble("BINUNICODE", u32(bytes.length), bytes);
}

/** A class as GLOBAL. */
export function globalOpcode(module: string, name: string): Uint8Array {
  return assemble("GLOBAL", raw(`${module}\n${name}\n`));
}

export function u32(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return new Uint8Array(view.buffer);
}

export function u64(value: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value, true);
  return new Uint8Array(view.buffer);
}

/** The same bytes many times. */
export function repeat(bytes: Uint8Array, times: number): Uint8Array {
  const repeated = new Uint8Array(bytes.length * times);
  for (let index = 0; index < times; index++) repeated.set(bytes, index * bytes.length);
  return repeated;
}
