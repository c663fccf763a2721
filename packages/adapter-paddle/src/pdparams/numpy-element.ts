import type { DataType } from "@longspan/core";
import { type PickleValue, describe } from "@longspan/pickle";
import { calledName, globalName, tupleItems } from "./called.ts";

/** An array's element type, as far as a tensor can have it. */
export type NumpyElement =
  | {
      readonly kind: "element";
      readonly dataType: DataType;
      readonly byteOrder: "little" | "big";
      /** Spelled `u2`, which is how Paddle stores bfloat16: numpy has no such type. */
      readonly spelledUint16: boolean;
    }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * numpy's type codes (numpy, "Data type objects", type strings). `u2` is bfloat16: numpy has no such type, `Tensor.numpy()` returns its bits as uint16,
 * and paddle.load makes bfloat16 of every uint16 array.
 */
const typeCodes: ReadonlyMap<string, DataType> = /*#__PURE__*/ new Map([
  ["f8", "float64"],
  ["f4", "float32"],
  ["f2", "float16"],
  ["i8", "int64"],
  ["i4", "int32"],
  ["i2", "int16"],
  ["i1", "int8"],
  ["u8", "uint64"],
  ["u4", "uint32"],
  ["u2", "bfloat16"],
  ["u1", "uint8"],
  ["b1", "bool"],
]);

/** The extension types of the package ml_dtypes, which pickle as their class. */
const extensionTypes: ReadonlyMap<string, DataType> = /*#__PURE__*/ new Map([
  ["ml_dtypes.bfloat16", "bfloat16"],
  ["ml_dtypes.float8_e4m3fn", "float8_e4m3fn"],
  ["ml_dtypes.float8_e5m2", "float8_e5m2"],
  // The classes of numpy's own types, which pickle as their codes unless somebody else wrote the file.
  ["numpy.float64", "float64"],
  ["numpy.float32", "float32"],
  ["numpy.float16", "float16"],
]);

/**
 * Reads `numpy.dtype(code, align, copy)` with its state `(version, byteorder, subarray, names, fields, itemsize, alignment, flags[, metadata])`
 * (numpy/_core/src/multiarray/descriptor.c, `arraydescr_reduce`).
 *
 * @returns undefined when the value is no such call
 */
export function parseElement(value: PickleValue | undefined): NumpyElement | undefined {
  if (typeof value !== "object" || value?.kind !== "object" || calledName(value) !== "numpy.dtype") return undefined;
  const [code] = value.args;
  const state = value.state === undefined ? [] : tupleItems(value.state);
  if (state === undefined || value.earlierStates !== undefined) return undefined;
  // A code may begin with its byte order; what the state says of it counts.
  const [, given, plain] = typeof code === "string" ? (/^([<>=|]?)(.*)$/s.exec(code) ?? []) : [];
  const [
    version = 3,
    order = given === undefined || given === "" ? "<" : given,
    subarray = null,
    names = null,
    fields = null,
    ,
    ,
    flags = 0,
  ] = state;
  if (typeof version !== "number" || version < 0 || version > lastVersion)
    return refused(`a dtype of the unknown version ${describe(version)}`);
  if (subarray !== null || names !== null || fields !== null) return refused("a structured type");
  // Of plain numbers no flag is set; those there are speak of Python objects, of lists in the place of bytes, of fields.
  if (flags !== 0) return refused(`a dtype with the flags ${describe(flags)}`);
  const extension = globalName(code);
  const dataType = extension === undefined ? typeCodes.get(plain ?? "") : extensionTypes.get(extension);
  if (dataType === undefined) return refused(plain !== undefined ? describeCode(plain) : `the type ${extension ?? "of an unknown kind"}`);
  // "|" is for types of one byte, "=" the writer's own order: Paddle runs on little-endian machines only.
  if (order !== "<" && order !== ">" && order !== "|" && order !== "=") return refused("an unknown byte order");
  return {
    kind: "element",
    dataType,
    byteOrder: order === ">" ? "big" : "little",
    spelledUint16: plain === "u2",
  };
}

/** The last version of a dtype's state that numpy reads (descriptor.c, `arraydescr_setstate`). */
const lastVersion = 4;

function refused(reason: string): NumpyElement {
  return {
    kind: "refused",
    reason: `its elements are of ${reason}, which no tensor here can have`,
  };
}

function describeCode(code: string): string {
  const names: Readonly<Record<string, string>> = {
    O: "Python objects",
    c: "complex numbers",
    S: "byte strings",
    U: "text",
    V: "raw memory",
    M: "dates",
    m: "time spans",
  };
  const name = names[code.charAt(0)];
  return name === undefined ? `numpy's type "${code.slice(0, 20)}"` : `${name} (numpy's type "${code.slice(0, 20)}")`;
}
