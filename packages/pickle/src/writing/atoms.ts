import { PickleError } from "../errors.ts";
import { encodeTwosComplement } from "../integers.ts";
import { pythonThreeName } from "../reading/python-names.ts";
import { encodeUtf8 } from "../text/utf8.ts";
import type { PickleGlobal } from "../values.ts";
import { describe } from "../describe.ts";
import type { WrittenProtocol } from "./lowering.ts";
import { opcodes } from "./opcodes.ts";
import type { Output } from "./output.ts";

/** A number: an int where it is a safe integer, else a float. */
export function writeNumber(output: Output, value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    writeFloat(output, value);
  } else if (value >= 0 && value <= 0xff) {
    output.uint8(opcodes.BININT1);
    output.uint8(value);
  } else if (value >= 0 && value <= 0xffff) {
    output.uint8(opcodes.BININT2);
    output.uint16(value);
  } else if (value === (value | 0)) {
    output.uint8(opcodes.BININT);
    output.int32(value);
  } else {
    writeLong(output, encodeTwosComplement(BigInt(value)), opcodes.LONG1);
  }
}

/** An int of any size. */
export function writeInteger(output: Output, protocol: WrittenProtocol, value: bigint): void {
  if (value >= -0x8000_0000n && value <= 0x7fff_ffffn) return writeNumber(output, Number(value));
  const bytes = encodeTwosComplement(value);
  if (bytes.length <= 0xff) return writeLong(output, bytes, opcodes.LONG1);
  if (protocol === 2) {
    throw new PickleError(
      "pickle-unsupported",
      `An integer of ${bytes.length} bytes needs LONG4, which torch does not accept; in protocol 2 at most 255 bytes can be written`,
    );
  }
  writeLong(output, bytes, opcodes.LONG4);
}

function writeLong(output: Output, bytes: Uint8Array, opcode: number): void {
  output.uint8(opcode);
  if (opcode === opcodes.LONG1) output.uint8(bytes.length);
  else output.int32(bytes.length);
  output.bytes(bytes);
}

/** A float, whatever its value. */
export function writeFloat(output: Output, value: number): void {
  output.uint8(opcodes.BINFLOAT);
  output.float64(value);
}

/** A str. No JavaScript string is so long that its length does not fit 32 bits. */
export function writeText(output: Output, protocol: WrittenProtocol, text: string): void {
  const bytes = encodeUtf8(text);
  if (protocol === 4 && bytes.length <= 0xff) {
    output.uint8(opcodes.SHORT_BINUNICODE);
    output.uint8(bytes.length);
  } else {
    output.uint8(opcodes.BINUNICODE);
    output.int32(bytes.length);
  }
  output.bytes(bytes);
}

/** The opcode and length of a bytes object in protocol 4; its bytes follow. */
export function writeBytesHeader(output: Output, length: number): void {
  if (!Number.isSafeInteger(length) || length < 0) throw new PickleError("pickle-type", `A payload states a length of ${length} bytes`);
  if (length <= 0xff) {
    output.uint8(opcodes.SHORT_BINBYTES);
    output.uint8(length);
  } else if (length <= 0xffff_ffff) {
    output.uint8(opcodes.BINBYTES);
    output.int32(length);
  } else {
    output.uint8(opcodes.BINBYTES8);
    output.uint64(length);
  }
}

/** A class or function in protocol 2, spelled as CPython spells it there and as every reader maps it back. */
export function writeGlobal(output: Output, { module, name }: PickleGlobal): void {
  const shown = (): string => describe({ kind: "global", module, name });
  if (module.includes("\n") || name.includes("\n"))
    throw new PickleError("pickle-unsupported", `Protocol 2 cannot spell a name with a line break: ${shown()}`);
  const pythonTwo = module === "builtins" ? "__builtin__" : module === "copyreg" ? "copy_reg" : module;
  const spelling = [pythonTwo, module].find((candidate) => {
    const [readModule, readName] = pythonThreeName(candidate, name);
    return readModule === module && readName === name;
  });
  if (spelling === undefined)
    throw new PickleError("pickle-unsupported", `In protocol 2, ${shown()} is the Python-2 name of something else`);
  output.uint8(opcodes.GLOBAL);
  output.bytes(encodeUtf8(`${spelling}\n${name}\n`));
}
