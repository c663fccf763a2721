import { lines, upTo } from "../parts/lines.ts";
import type { LaneTiling } from "./tiling.ts";
import { multiplyAdd, productDeclarations, type ProductForm } from "./product-code.ts";

/**
 * `out = epilogue(left · right)`, in registers: left `[rows, inner]`, right `[columns, inner]` or `[inner, columns]`, out `[rows, columns]`.
 *
 * Each lane has `perLane` rows (or columns) of its own; the `shared` columns (or rows) are the same for all lanes of the workgroup. Without
 * broadcasts every lane reads them itself; with them, lane i reads the i-th and the others get it by `subgroupBroadcast`.
 * No barrier and no workgroup memory, which software adapters pay dearly for. The bound of the loop is a uniform: Mesa unrolls others.
 *
 * Grid: x over columns, y over rows, z over the stack.
 */
export function laneKernelCode(tiling: LaneTiling, form: ProductForm): string {
  const { lanesOver, perLane, shared, workgroupSize, broadcasts } = tiling;
  const byRows = lanesOver === "rows";
  const [own, other] = byRows ? ["left", "right"] : ["right", "left"];
  const ownAxis = byRows ? "row" : "column";
  const otherAxis = byRows ? "column" : "row";
  const [ownGrid, otherGrid] = byRows ? ["workgroup.y", "workgroup.x"] : ["workgroup.x", "workgroup.y"];
  const sum = (mine: number, theirs: number): string => `sum_${mine}_${theirs}`;
  const ours = upTo(perLane);
  const theirs = upTo(shared);
  const reads = broadcasts ? Math.ceil(shared / workgroupSize) : shared;
  const place = (read: number): string => (broadcasts ? `min(${read * workgroupSize}u + lane, ${shared - 1}u)` : `${read}u`);
  const otherValue = (item: number): string =>
    broadcasts ? `subgroupBroadcast(read_${Math.floor(item / workgroupSize)}, ${item % workgroupSize}u)` : `read_${item}`;
  const [rows, groups] = byRows ? [perLane, shared / 4] : [shared, perLane / 4];
  const blockOf = (row: number, group: number): string =>
    `vec4<f32>(${upTo(4)
      .map((part) => (byRows ? sum(row, group * 4 + part) : sum(group * 4 + part, row)))
      .join(", ")})`;
  return `${broadcasts ? "enable subgroups;" : ""}
${productDeclarations(form)}
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(${broadcasts ? "subgroup_invocation_id" : "local_invocation_index"}) lane: u32) {
  enter_stack(workgroup.z);
  let ${ownAxis} = uniforms.first_${ownAxis} + (${ownGrid} * ${workgroupSize}u + lane) * ${perLane}u;
  let ${otherAxis} = uniforms.first_${otherAxis} + ${otherGrid} * ${shared}u;
  ${lines(ours, (item) => `let own_start_${item} = ${own}_start(${ownAxis} + ${item}u);`)}
  ${lines(upTo(reads), (read) => `let read_start_${read} = ${other}_start(${otherAxis} + ${place(read)});`)}
  ${lines(ours, (mine) => theirs.map((item) => `var ${sum(mine, item)} = 0.0;`))}
  for (var step = 0u; step < uniforms.steps; step++) {
    ${lines(ours, (item) => `let own_${item} = read_${own}(own_start_${item}, step);`)}
    ${lines(upTo(reads), (read) => `let read_${read} = read_${other}(read_start_${read}, step);`)}
    ${lines(theirs, (item) => [
      `let other_${item} = ${otherValue(item)};`,
      ...ours.map((mine) => multiplyAdd(sum(mine, item), `own_${mine}`, `other_${item}`)),
    ])}
  }
  // Written out, sixteen epilogues would take longer to compile than the sums.
  var block: array<vec4<f32>, ${rows * groups}>;
  ${lines(upTo(rows), (index) => upTo(groups).map((group) => `block[${index * groups + group}] = ${blockOf(index, group)};`))}
  for (var index = 0u; index < ${rows}u && row + index < uniforms.rows; index++) {
    for (var group = 0u; group < ${groups}u && column + 4u * group < uniforms.columns; group++) {
      write(row + index, column + 4u * group, block[index * ${groups}u + group]);
    }
  }
}`;
}
