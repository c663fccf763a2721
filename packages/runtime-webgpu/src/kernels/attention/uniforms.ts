import { floatBits, packUniforms } from "../parts/dispatching.ts";

/** The fields of a kernel's uniforms: its struct in WGSL and the bytes of a dispatch come from the same list. */
export type UniformFields = Readonly<Record<string, "u32" | "f32">>;

/** WGSL: the struct, bound as `sizes`. */
export function declareUniforms(fields: UniformFields): string {
  const members = Object.entries(fields).map(([name, type]) => `${name}: ${type}`);
  return `struct Sizes { ${members.join(", ")} }
@group(0) @binding(0) var<uniform> sizes: Sizes;`;
}

/** What fills binding 0. */
export function packFields<Fields extends UniformFields>(fields: Fields, values: Readonly<Record<keyof Fields, number>>): ArrayBuffer {
  const words = Object.entries(fields).map(([name, type]) =>
    type === "f32" ? floatBits(values[name as keyof Fields]) : values[name as keyof Fields],
  );
  return packUniforms(...words);
}
