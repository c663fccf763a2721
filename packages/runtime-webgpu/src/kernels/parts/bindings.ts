import type { Kernel } from "../../kernel/kernel.ts";
import { floatBits, packUniforms, workgroupIndex, workgroupParameters } from "./dispatching.ts";

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

/** WGSL: a struct with fields that are written out (`rows: u32, size: u32`), bound as `uniforms`: for those that `packUniforms` packs. */
export function uniformStruct(fields: string): string {
  return `struct Uniforms { ${fields} }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;`;
}

/** Types of elements in WGSL, by the names of buffers. */
type ElementTypes = Readonly<Record<string, string>>;

/** The storage buffers of a kernel, from binding 1 on: first those that it reads, then those that it writes. */
export function storageBuffers(read: ElementTypes, written: ElementTypes): Pick<Kernel, "access"> & { readonly declarations: string } {
  const access = bufferAccess(Object.keys(read).length, Object.keys(written).length);
  const declarations = Object.entries({ ...read, ...written }).map(
    ([name, type], at) =>
      `@group(0) @binding(${at + 1}) var<storage, ${access[at] === "read" ? "read" : "read_write"}> ${name}: array<${type}>;`,
  );
  return { access, declarations: declarations.join("\n") };
}

/** Of so many buffers that a kernel reads, and so many that it writes. */
export function bufferAccess(read: number, written: number): Kernel["access"] {
  return [...Array<"read">(read).fill("read"), ...Array<"write">(written).fill("write")];
}

/** WGSL: the beginning of an entry point whose workgroups have so many invocations, each of them a `lane`; and what the workgroup's place is called. */
export function entryPoint(invocations: number, place: string = "group"): string {
  return `@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) ${place}: vec3<u32>, @builtin(local_invocation_index) lane: u32) {`;
}

/** The same on a grid of `foldWorkgroups`, whose invocations are counted through: each is an `index`. */
export function indexedEntryPoint(invocations: number): string {
  return `@compute @workgroup_size(${invocations})
fn main(${workgroupParameters}) {
  let index = ${workgroupIndex} * ${invocations}u + lane;`;
}
