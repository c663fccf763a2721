import type { DeviceLimits } from "../../kernel/device-facts.ts";
import { indexedEntryPoint, uniformStruct } from "../parts/bindings.ts";
import { foldWorkgroups } from "../parts/dispatching.ts";
import { halvesCode } from "../parts/float-storage.ts";
import { productBuffers, writeCode, type ProductForm } from "./product-code.ts";

const workgroupSize = 64;

/**
 * `out = epilogue(Σ_p partial[p])`: partial sums `[parts, rows, columns]` of a product whose inner axis was cut into parts, out
 * `[rows, columns]`, the columns in fours. Grid: workgroups of 64 over the output in fours.
 */
export function combineKernelCode(form: ProductForm): string {
  return `
${uniformStruct("rows: u32, columns: u32, parts: u32, out_column: u32, out_stride: u32")}
${productBuffers(form, { partial: "vec4<f32>" })}
${halvesCode(form.outStorage, form.addend ? form.addendStorage : "float32")}
${writeCode(form)}
${indexedEntryPoint(workgroupSize)}
  let fours = uniforms.columns / 4u;
  let size = uniforms.rows * fours;
  if (index >= size) { return; }
  var sum = partial[index];
  for (var part = 1u; part < uniforms.parts; part++) { sum += partial[part * size + index]; }
  write(index / fours, index % fours * 4u, sum);
}`;
}

export function combineWorkgroups(rows: number, columns: number, limits: DeviceLimits): readonly [number, number, number] {
  return foldWorkgroups(Math.ceil((rows * columns) / 4 / workgroupSize), limits);
}
