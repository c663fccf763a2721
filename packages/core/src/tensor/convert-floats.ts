import { LongspanError } from "../errors/longspan-error.ts";
import { decodeFloat, encodeFloat, narrowFloats, type FloatType } from "./float-format.ts";
import { tensorFromBytes } from "./read-tensor.ts";
import type { DataType } from "./data-type.ts";
import { bytesPerElement, isFloatingPoint } from "./data-type.ts";

/** Turns little-endian elements of one float type into another. Returns how many values, other than NaN, the target could not hold. */
export type FloatConversion = (source: Uint8Array, target: Uint8Array) => { readonly overflows: number };

/**
 * Conversion between two float types: exact when widening, round to nearest, ties to even, when narrowing (directly from the
 * source's exact value, so nothing is rounded twice).
 * @throws LongspanError `data-type-mismatch` when either type is not a float.
 */
export function floatConversion(from: DataType, to: DataType): FloatConversion {
  if (!isFloatType(from) || !isFloatType(to)) {
    throw new LongspanError("data-type-mismatch", `${from} cannot become ${to}: only float types are converted into each other.`, {
      details: { from, to },
    });
  }
  return (source, target) => {
    const values = widen(from, source);
    return to === "float64" || to === "float32" ? store(to, values, target) : narrow(to, values, target);
  };
}

export function isFloatType(dataType: DataType): dataType is FloatType {
  return isFloatingPoint(dataType);
}

type Wide = Float32Array | Float64Array;

function widen(from: FloatType, source: Uint8Array): Wide {
  const tensor = tensorFromBytes(from, [source.byteLength / bytesPerElement(from)], source);
  if (tensor.dataType === "float64" || tensor.dataType === "float32") return tensor.data;
  const table = wideningTable(from);
  const values = new Float32Array(tensor.data.length);
  for (let index = 0; index < values.length; index++) values[index] = table[Number(tensor.data[index])] as number;
  return values;
}

const tables = new Map<FloatType, Float32Array>();

/** Every narrow float as a float32 (exact), by bit pattern. */
function wideningTable(type: FloatType): Float32Array {
  let table = tables.get(type);
  if (table === undefined) {
    const format = narrowFloats[type as keyof typeof narrowFloats];
    table = new Float32Array(2 ** (1 + format.exponentBits + format.mantissaBits));
    for (let bits = 0; bits < table.length; bits++) table[bits] = decodeFloat(format, bits);
    tables.set(type, table);
  }
  return table;
}

function store(to: "float64" | "float32", values: Wide, target: Uint8Array): { overflows: number } {
  const tensor = tensorFromBytes(to, [values.length], target);
  const data = tensor.data as Wide;
  data.set(values);
  if (data.buffer !== target.buffer) target.set(new Uint8Array(data.buffer));
  if (to === "float64" || values instanceof Float32Array) return { overflows: 0 };
  let overflows = 0;
  for (let index = 0; index < values.length; index++) {
    if (Number.isFinite(values[index]) && !Number.isFinite(data[index])) overflows++;
  }
  return { overflows };
}

function narrow(to: keyof typeof narrowFloats, values: Wide, target: Uint8Array): { overflows: number } {
  const format = narrowFloats[to];
  const tensor = tensorFromBytes(to, [values.length], target);
  const data = tensor.data as Uint8Array | Uint16Array;
  const largest = maxFinite(to);
  if (to === "bfloat16" && values instanceof Float32Array) {
    narrowToBfloat16(values, data as Uint16Array);
  } else if (to === "float16" && values instanceof Float32Array) {
    narrowToFloat16(values, data as Uint16Array);
  } else {
    for (let index = 0; index < values.length; index++) data[index] = encodeFloat(format, values[index] as number);
  }
  let overflows = 0;
  for (let index = firstBeyond(values, largest, 0); index !== -1; index = firstBeyond(values, largest, index + 1)) {
    const held = format.infinities && !Number.isFinite(values[index]);
    if (!Number.isNaN(values[index]) && !held && becameNonFinite(to, data[index] as number)) overflows++;
  }
  if (data.buffer !== target.buffer) target.set(new Uint8Array(data.buffer));
  return { overflows };
}

/** The first value from there on that is larger either way, or NaN; -1 where there is none. */
function firstBeyond(values: Wide, largest: number, from: number): number {
  for (let index = from; index < values.length; index++) if (!(Math.abs(values[index] as number) <= largest)) return index;
  return -1;
}

/** The upper half of the float32, rounded on its lower half: the common case, worth its own loop. */
function narrowToBfloat16(values: Float32Array, data: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let index = 0; index < bits.length; index++) {
    const word = bits[index] as number;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    data[index] = isNaN ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}

/**
 * Weights for a GPU: by bits, as `narrowToBfloat16`. A float32's exponent counts from 112 lower than a float16's; below the smallest normal
 * float16 the steps all have one size, 2⁻²⁴, which is the last place of a float32 around a half: adding a half rounds to it.
 */
function narrowToFloat16(values: Float32Array, data: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const sum = new Float32Array(1);
  const sumBits = new Uint32Array(sum.buffer);
  for (let index = 0; index < bits.length; index++) {
    const word = bits[index] as number;
    const magnitude = word & 0x7fffffff;
    const sign = (word >>> 16) & 0x8000;
    if (magnitude > 0x7f800000) {
      data[index] = 0x7e00;
    } else if (magnitude >= 0x47800000) {
      data[index] = sign | 0x7c00;
    } else if (magnitude < 0x38800000) {
      sum[0] = Math.abs(values[index] as number) + 0.5;
      data[index] = sign | ((sumBits[0] as number) - 0x3f000000);
    } else {
      data[index] = sign | ((magnitude - (112 << 23) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    }
  }
}

function maxFinite(type: keyof typeof narrowFloats): number {
  const format = narrowFloats[type];
  const top = 2 ** (format.exponentBits + format.mantissaBits) - 1;
  const largest = format.infinities ? top - 2 ** format.mantissaBits : top - 1;
  return decodeFloat(format, largest);
}

function becameNonFinite(type: keyof typeof narrowFloats, bits: number): boolean {
  return !Number.isFinite(decodeFloat(narrowFloats[type], bits));
}
