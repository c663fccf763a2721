import type { Storage } from "../../kernel/kernel.ts";
import { halvesCode } from "../parts/float-storage.ts";

/**
 * WGSL that reads and writes rows of float32 or float16 four elements at a time. Where rows start at multiples of 4 elements, buffers are arrays of
 * vectors; where they do not (head size 3, say), of words, and what lies beyond the row reads as 0 and is not written. float16 lies as packed halves,
 * which need no feature.
 */

/** How rows lie in memory. */
export interface RowForm {
  readonly storage: Storage;
  /** Whether rows start at multiples of 4 elements. */
  readonly aligned: boolean;
}

/** The type of a buffer's elements. */
export function vectorType({ storage, aligned }: RowForm): string {
  if (storage === "float16") return aligned ? "vec2<u32>" : "u32";
  return aligned ? "vec4<f32>" : "f32";
}

/** `fn name(start, vector) -> vec4<f32>`: elements `4 vector … 4 vector + 3` of the row that starts at element `start` and has `length` elements. */
export function vectorReader(name: string, buffer: string, { storage, aligned }: RowForm, length: string): string {
  if (aligned) {
    const body =
      storage === "float16"
        ? `let words = ${buffer}[(start >> 2u) + vector]; return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));`
        : `return ${buffer}[(start >> 2u) + vector];`;
    return `fn ${name}(start: u32, vector: u32) -> vec4<f32> { ${body} }`;
  }
  const element = storage === "float16" ? `unpack2x16float(${buffer}[at >> 1u])[at & 1u]` : `${buffer}[at]`;
  return `fn ${name}_element(start: u32, element: u32) -> f32 {
  if (element >= ${length}) { return 0.0; }
  let at = start + element;
  return ${element};
}
fn ${name}(start: u32, vector: u32) -> vec4<f32> {
  let element = 4u * vector;
  return vec4<f32>(${[0, 1, 2, 3].map((one) => `${name}_element(start, element + ${one}u)`).join(", ")});
}`;
}

/**
 * `fn name(start, vector) -> vec4<f16>`: the same as float16, as it lies, or by `reader`. The module has `enable f16;`, and `halvesCode` for rows of
 * float32: what float16 cannot hold is not a number from there on.
 */
export function halvesReader(name: string, buffer: string, { storage, aligned }: RowForm, reader: string): string {
  const half = aligned ? `bitcast<vec4<f16>>(${buffer}[(start >> 2u) + vector])` : `vec4<f16>(${reader}(start, vector))`;
  const value = storage === "float16" ? half : `bitcast<vec4<f16>>(pack_halves(${reader}(start, vector)))`;
  return `fn ${name}(start: u32, vector: u32) -> vec4<f16> { return ${value}; }`;
}

/** `fn name(start, vector, value)`; of float16, one in a module, and beyond it as `halvesCode` says. Rows of float16 start, and end, at even elements: two invocations never write to one word. */
export function vectorWriter(name: string, buffer: string, { storage, aligned }: RowForm, length: string): string {
  const half = storage === "float16";
  if (aligned)
    return `${halvesCode(half ? "float16" : "float32")}
fn ${name}(start: u32, vector: u32, value: vec4<f32>) {
  ${buffer}[(start >> 2u) + vector] = ${half ? "pack_halves(value)" : "value"};
}`;
  const body = half
    ? `let packed = pack_halves(value);
  ${buffer}[at >> 1u] = packed.x;
  if (left > 2u) { ${buffer}[(at >> 1u) + 1u] = packed.y; }`
    : `${buffer}[at] = value.x;
  if (left > 1u) { ${buffer}[at + 1u] = value.y; }
  if (left > 2u) { ${buffer}[at + 2u] = value.z; }
  if (left > 3u) { ${buffer}[at + 3u] = value.w; }`;
  return `${halvesCode(half ? "float16" : "float32")}
fn ${name}(start: u32, vector: u32, value: vec4<f32>) {
  let at = start + 4u * vector;
  let left = ${length} - 4u * vector;
  ${body}
}`;
}

/** Whether rows of so many elements, each of which starts at a multiple of 8 then, are read by eights as they lie: see `eights.ts`. */
export function lieByEights({ storage }: RowForm, length: number): boolean {
  return storage === "float16" && length % 8 === 0;
}
