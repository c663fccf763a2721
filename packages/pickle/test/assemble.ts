import { opcodeTable } from "../src/reading/opcode-table.ts";

const codes: ReadonlyMap<string, number> = new Map(
  opcodeTable.flatMap((opcode) => (opcode === undefined ? [] : [[opcode.name, opcode.code]])),
);

/** Names of opcodes between spaces, a byte, or bytes as they are. */
export type Part = string | number | Uint8Array;

/** Bytes from parts: `assemble("EMPTY_DICT MARK", text("a"), "BININT1", 1, "SETITEMS")`. */
export function assemble(...parts: readonly Part[]): Uint8Array {
  const bytes: number[] = [];
  for (const part of parts) {
    if (typeof part === "number") bytes.push(part);
    else if (typeof part === "string") bytes.push(...part.split(" ").map(codeOf));
    else for (const byte of part) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** A whole pickle: PROTO, for protocols that state it, the parts, and STOP. */
export function pickle(protocol: number, ...parts: readonly Part[]): Uint8Array {
  return protocol < 2 ? assemble(...parts, "STOP") : assemble("PROTO", protocol, ...parts, "STOP");
}

/** The characters as bytes. */
export function raw(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A text as BINUNICODE. */
export function text(content: string): Uint8Array {
  const bytes = new TextEncoder().encode(content);
  return assemble("BINUNICODE", u32(bytes.length), bytes);
}

/** An opcode with lines of text behind it, such as GLOBAL, INT, STRING. */
export function lines(opcode: string, ...content: readonly string[]): Uint8Array {
  return assemble(opcode, raw(content.map((line) => `${line}\n`).join("")));
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
export function repeat(times: number, ...parts: readonly Part[]): Uint8Array {
  const bytes = assemble(...parts);
  const repeated = new Uint8Array(bytes.length * times);
  for (let index = 0; index < times; index++) repeated.set(bytes, index * bytes.length);
  return repeated;
}

function codeOf(name: string): number {
  const code = codes.get(name);
  if (code === undefined) throw new Error(`No opcode is called ${name}`);
  return code;
}
