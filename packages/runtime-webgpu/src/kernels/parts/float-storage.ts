import type { Storage } from "../../kernel/kernel.ts";

/** How numbers that are float32 to a graph lie in memory. */
export type FloatStorage = "float32" | "float16";

export function floatStorage(storage: Storage): FloatStorage {
  return storage === "float16" ? "float16" : "float32";
}

/** Bytes of a number. */
export function floatBytes(storage: Storage): number {
  return storage === "float16" ? 2 : 4;
}

/** WGSL: the element type of a buffer whose numbers are read and written four at a time. */
export function foursType(storage: FloatStorage): string {
  return storage === "float16" ? "vec2<u32>" : "vec4<f32>";
}

/** WGSL: four numbers as `vec4<f32>`, of what such a buffer holds. Packed halves need no feature. */
export function unpackFours(storage: FloatStorage, value: string): string {
  return storage === "float16" ? `unpack_halves(${value})` : value;
}

/** WGSL: a `vec4<f32>` as such a buffer holds it. */
export function packFours(storage: FloatStorage, value: string): string {
  return storage === "float16" ? `pack_halves(${value})` : value;
}

/**
 * WGSL of `unpack_halves` and `pack_halves`, where one of the storages is float16.
 *
 * Four numbers of which one is beyond float16 (65504), infinite or not a number become four that are not numbers: whatever is computed with
 * them is not a number either, so that it is found in the outputs (`overflow-check.ts`). As infinities they could vanish: a key of minus
 * infinity would just get no attention.
 */
export function halvesCode(...storages: readonly FloatStorage[]): string {
  if (!storages.includes("float16")) return "";
  return `
fn unpack_halves(packed: vec2<u32>) -> vec4<f32> { return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)); }
fn pack_halves(value: vec4<f32>) -> vec2<u32> {
  let fits = all(abs(value) <= vec4<f32>(65504.0));
  return select(vec2<u32>(0x7e007e00u), vec2<u32>(pack2x16float(value.xy), pack2x16float(value.zw)), fits);
}`;
}
