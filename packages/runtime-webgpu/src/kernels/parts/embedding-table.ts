import type { DeviceLimits } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Operand } from "../../kernel/kernel.ts";
import { rowRanges, rowsOf, type RowRange } from "./dispatching.ts";
import type { RowElements } from "./row-reduction.ts";

/** Bytes of a row of a table `[rows, hidden]`, float32 or float16. */
function rowBytes({ shape, storage }: DeviceTensor): number {
  return (shape[1] ?? 1) * (storage === "float16" ? 2 : 4);
}

/** A table in runs of rows that may be bound. */
export function tableRanges(table: DeviceTensor, limits: DeviceLimits): readonly { readonly range: RowRange; readonly operand: Operand }[] {
  const bytes = rowBytes(table);
  return rowRanges(table.shape[0] ?? 0, [bytes], limits).map((range) => ({ range, operand: rowsOf(table, bytes, range) }));
}

/**
 * WGSL of a table's binding and of `fn NAMEAt(row, i)`, element i of a row, of `size` elements, as float32. float16 is unpacked, two to a
 * word, which every device can do.
 */
export function tableCode(name: string, binding: number, { storage }: DeviceTensor, { type, perStep }: RowElements): string {
  const packed = storage === "float16";
  const stored = packed ? (perStep === 4 ? "vec2<u32>" : "u32") : type;
  return `
@group(0) @binding(${binding}) var<storage, read> ${name}: array<${stored}>;
fn ${name}At(row: u32, i: u32, size: u32) -> ${type} {
  let at = row * size + i;
  ${packed ? unpacking[perStep](name) : `return ${name}[at];`}
}`;
}

const unpacking: Readonly<Record<1 | 4, (name: string) => string>> = {
  4: (name) => `return vec4<f32>(unpack2x16float(${name}[at].x), unpack2x16float(${name}[at].y));`,
  1: (name) => `let pair = unpack2x16float(${name}[at / 2u]);
  return select(pair.x, pair.y, at % 2u == 1u);`,
};
