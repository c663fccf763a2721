import type { DataType } from "@longspan/core";
import type { Cursor } from "./cursor.ts";

/** What the elements of a dataset or an attribute are. */
export type Hdf5Type =
  | { readonly kind: "number"; readonly bytes: number; readonly dataType: DataType; readonly byteOrder: "little" | "big" }
  /** Text of a fixed number of bytes, ended by a zero or padded. */
  | { readonly kind: "fixed-text"; readonly bytes: number }
  /** A reference into a global heap: u32 length, address, u32 index. */
  | { readonly kind: "variable-text"; readonly bytes: number }
  /** None of ours: what it is, for messages. */
  | { readonly kind: "other"; readonly bytes: number; readonly what: string };

const classNames = [
  "integers",
  "floating-point numbers",
  "times",
  "text",
  "bit fields",
  "opaque values",
  "compounds",
  "references",
  "enumerations",
  "sequences of variable length",
  "arrays",
];

/**
 * A datatype message (format specification, section IV.A.2.d): class and version, 24 bits that depend on the class, bytes of an
 * element, and properties. Numbers are ours only in the forms that IEEE 754 and two's complement name; versions 1 to 5 (HDF5 2.0) have them
 * in the same form.
 */
export function parseDatatype(fields: Cursor): Hdf5Type {
  const classAndVersion = fields.integer(1);
  const bits = fields.integer(3);
  const bytes = fields.integer(4);
  const version = classAndVersion >> 4;
  if (version < 1 || version > 5) return other(classAndVersion & 0x0f, bytes, ` of version ${version}`);
  switch (classAndVersion & 0x0f) {
    case 0:
      return integers(fields, bits, bytes);
    case 1:
      return floats(fields, bits, bytes);
    case 3:
      return { kind: "fixed-text", bytes };
    case 9:
      return (bits & 0x0f) === 1 ? { kind: "variable-text", bytes } : other(9, bytes);
    default:
      return other(classAndVersion & 0x0f, bytes);
  }
}

function other(typeClass: number, bytes: number, detail = ""): Hdf5Type {
  return { kind: "other", bytes, what: `${classNames[typeClass] ?? `class ${typeClass}`}${detail}` };
}

function integers(fields: Cursor, bits: number, bytes: number): Hdf5Type {
  const bitOffset = fields.integer(2);
  const precision = fields.integer(2);
  const signed = (bits & 0x08) !== 0;
  const names: Readonly<Record<number, readonly [DataType, DataType]>> = {
    1: ["uint8", "int8"],
    2: ["uint16", "int16"],
    4: ["uint32", "int32"],
    8: ["uint64", "int64"],
  };
  const dataType = names[bytes]?.[signed ? 1 : 0];
  if (dataType === undefined || bitOffset !== 0 || precision !== bytes * 8) return other(0, bytes, ` of ${precision} bits`);
  return { kind: "number", bytes, dataType, byteOrder: (bits & 1) === 0 ? "little" : "big" };
}

/** Exponent's position and size, mantissa's position and size, bias; the sign is the highest bit. */
const floatForms: readonly (readonly [DataType, number, string])[] = [
  ["float16", 2, "10,5,0,10,15"],
  ["bfloat16", 2, "7,8,0,7,127"],
  ["float32", 4, "23,8,0,23,127"],
  ["float64", 8, "52,11,0,52,1023"],
];

function floats(fields: Cursor, bits: number, bytes: number): Hdf5Type {
  const bitOffset = fields.integer(2);
  const precision = fields.integer(2);
  const form = [fields.integer(1), fields.integer(1), fields.integer(1), fields.integer(1), fields.integer(4)].join();
  const isVax = (bits & 0x40) !== 0;
  const hasHiddenBit = ((bits >> 4) & 3) === 2;
  const signBit = (bits >> 8) & 0xff;
  const found = floatForms.find(([, size, known]) => size === bytes && known === form);
  if (found === undefined || isVax || !hasHiddenBit || bitOffset !== 0 || precision !== bytes * 8 || signBit !== precision - 1) {
    return other(1, bytes, " of a form of their own");
  }
  return { kind: "number", bytes, dataType: found[0], byteOrder: (bits & 1) === 0 ? "little" : "big" };
}
