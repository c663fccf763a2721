import { isAscii, latin1Text } from "../text/latin1.ts";
import { parseQuotedBytes, parseRawUnicodeEscape } from "../text/python-literals.ts";
import { decodeUtf8 } from "../text/utf8.ts";
import { takeLine, takeUint32, takeUint64, takeUint8 } from "./arguments.ts";
import type { Machine, Opcode } from "./machine.ts";
import { memoryCosts } from "./memory-costs.ts";

// Texts shorter than this are read whatever the settings: they may be names of classes or of encodings.
const nameBytes = 256;

/** Text and bytes. */
export const payloadOpcodes: readonly Opcode[] = [
  {
    code: 0x8c,
    name: "SHORT_BINUNICODE",
    argument: 1,
    run: (machine) => pushText(machine, takeUint8(machine), 1),
  },
  {
    code: 0x58,
    name: "BINUNICODE",
    argument: 4,
    run: (machine) => pushText(machine, takeUint32(machine), 4),
  },
  {
    code: 0x8d,
    name: "BINUNICODE8",
    argument: 8,
    run: (machine) => pushText(machine, takeUint64(machine), 8),
  },
  {
    code: 0x43,
    name: "SHORT_BINBYTES",
    argument: 1,
    run: (machine) => pushBytes(machine, takeUint8(machine), 1, "bytes"),
  },
  {
    code: 0x42,
    name: "BINBYTES",
    argument: 4,
    run: (machine) => pushBytes(machine, takeUint32(machine), 4, "bytes"),
  },
  {
    code: 0x8e,
    name: "BINBYTES8",
    argument: 8,
    run: (machine) => pushBytes(machine, takeUint64(machine), 8, "bytes"),
  },
  {
    code: 0x96,
    name: "BYTEARRAY8",
    argument: 8,
    run: (machine) => pushBytes(machine, takeUint64(machine), 8, "bytearray"),
  },
  {
    code: 0x55,
    name: "SHORT_BINSTRING",
    argument: 1,
    run: (machine) => pushBytes(machine, takeUint8(machine), 1, "string"),
  },
  {
    code: 0x54,
    name: "BINSTRING",
    argument: 4,
    run: (machine) => pushBytes(machine, takeUint32(machine), 4, "string"),
  },
  {
    code: 0x53,
    name: "STRING",
    argument: 0,
    run(machine) {
      const line = takeLine(machine);
      if (line === undefined) return;
      const data = parseQuotedBytes(line);
      if (data === undefined) throw machine.error("pickle-literal", "A quoted string with valid escapes is expected");
      pushPythonTwoString(machine, data);
    },
  },
  {
    code: 0x56,
    name: "UNICODE",
    argument: 0,
    run(machine) {
      const line = takeLine(machine);
      if (line === undefined) return;
      machine.spendText(line.length);
      const text = parseRawUnicodeEscape(line);
      if (text === undefined)
        throw machine.error("pickle-literal", "A \\u or \\U escape is expected to have 4 or 8 hexadecimal digits up to 10FFFF");
      machine.push(text);
    },
  },
];

function pushText(machine: Machine, length: number, lengthBytes: number): void {
  machine.checkLength(length);
  const { window } = machine;
  if (length >= Math.max(machine.settings.lazyText, nameBytes)) {
    machine.spendNode(memoryCosts.node);
    machine.push({ kind: "text", offset: window.offset, byteLength: length });
  } else {
    if (window.bytes.length - window.position < length) return machine.want(lengthBytes + length);
    machine.spendText(length);
    const text = decodeUtf8(window.bytes, window.position, window.position + length);
    if (text === undefined) throw machine.error("pickle-literal", `A text of ${length} bytes is expected to be UTF-8, but is not`);
    machine.push(text);
  }
  window.position += length;
}

function pushBytes(machine: Machine, length: number, lengthBytes: number, type: "bytes" | "bytearray" | "string"): void {
  machine.checkLength(length);
  const { window } = machine;
  const mutable = type === "bytearray";
  if (length >= (type === "string" ? maxStringLength(machine) : machine.settings.lazyBytes)) {
    machine.spendNode(memoryCosts.node);
    const { offset } = window;
    machine.push(
      type === "string"
        ? { kind: "bytes", byteLength: length, offset, mutable, pythonTwoString: true }
        : { kind: "bytes", byteLength: length, offset, mutable },
    );
  } else {
    if (window.bytes.length - window.position < length) return machine.want(lengthBytes + length);
    // A copy, so that a few bytes do not keep the whole window alive.
    const data = window.bytes.slice(window.position, window.position + length);
    if (type === "string") {
      pushPythonTwoString(machine, data);
    } else {
      spendBytes(machine, length);
      machine.push({ kind: "bytes", byteLength: length, data, mutable });
    }
  }
  window.position += length;
}

/**
 * Python 2's `str` is text or bytes, and the pickle does not say which. ASCII becomes a string, from which the bytes can
 * be had back unchanged; anything else, and anything long, stays bytes.
 */
function pushPythonTwoString(machine: Machine, data: Uint8Array): void {
  if (data.length < maxStringLength(machine) && isAscii(data)) {
    machine.spendText(data.length);
    machine.push(latin1Text(data));
  } else {
    spendBytes(machine, data.length);
    machine.push({
      kind: "bytes",
      byteLength: data.length,
      data,
      mutable: false,
      pythonTwoString: true,
    });
  }
}

function spendBytes(machine: Machine, length: number): void {
  machine.spendNode(memoryCosts.node + memoryCosts.bytes + length);
  machine.spend("inlineBytes", length);
}

function maxStringLength(machine: Machine): number {
  return Math.max(machine.settings.lazyBytes, nameBytes);
}
