import type { Storage } from "../../kernel/kernel.ts";

/** How a weight `[rows, columns]` lies in memory. */
export interface WeightLayout {
  readonly storage: Storage;
  /** Whether its rows start at multiples of 4 elements. */
  readonly aligned: boolean;
}

/** The element type of a weight's buffer. */
export function weightBuffer({ storage, aligned }: WeightLayout): string {
  if (storage === "float16") return aligned ? "array<vec2<u32>>" : "array<u32>";
  return aligned ? "array<vec4<f32>>" : "array<f32>";
}

/** WGSL: `fn name(start, vector)`: elements `4 vector … 4 vector + 3` of the row of `length` elements that starts at element `start`. */
export function weightReader(name: string, buffer: string, { storage, aligned }: WeightLayout, length: string): string {
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
