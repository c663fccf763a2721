/**
 * WGSL of sums over a weight's rows that a workgroup of 256 shares on a GPU: 16 rows at a time, 16 invocations to each, so that neighbours read
 * neighbouring weights and few reads follow each other. Nothing of subgroups is assumed.
 */
import { upTo } from "../parts/up-to.ts";

/** Invocations of a row. */
export const slices = 16;
export const rowsAtOnce = 16;

/** Rows are one element longer, so that neighbours lie in other banks. */
const stride = slices + 1;

/** At module scope: `shares`, at least as many as there are invocations. */
export function sliceMemory(type: "vec2<f32>" | "vec4<f32>"): string {
  return `var<workgroup> shares: array<${type}, ${rowsAtOnce * stride}>;`;
}

/**
 * Statements that add what the invocations of a row have in `own`, and do `take` with the number of the row, of 16, and the sum; an invocation for
 * each row does it, and all see what it wrote. `lane` is the invocation.
 */
export function reduceSlices(own: string, take: (row: string, sum: string) => string): string {
  const sum = upTo(slices).map((one) => `shares[lane * ${stride}u + ${one}u]`);
  return `shares[lane / ${slices}u * ${stride}u + lane % ${slices}u] = ${own};
    workgroupBarrier();
    if (lane < ${rowsAtOnce}u) {
      let row_sum = ${sum.join(" + ")};
      ${take("lane", "row_sum")}
    }
    workgroupBarrier();`;
}
