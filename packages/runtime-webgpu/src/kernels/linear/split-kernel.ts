import { entryPoint } from "../parts/bindings.ts";
import { lines, upTo } from "../parts/lines.ts";
import type { SplitTiling } from "./tiling.ts";
import { multiplyAdd, productDeclarations, type ProductForm } from "./product-code.ts";

/**
 * `out = epilogue(left · right)` of few rows or few columns (poolers, classifiers, rows of global tokens, scores of spans): left
 * `[rows, inner]`, right `[columns, inner]`, out `[rows, columns]`.
 *
 * A workgroup computes `rows` x 4 sums. Each invocation adds the products of every 64th step of four of the inner axis, so that neighbours
 * read neighbouring memory; a tree of quarters in workgroup memory adds up what they have.
 *
 * Grid: x over columns, y over rows, z over the stack.
 */
export function splitKernelCode({ rows, workgroupSize }: SplitTiling, form: ProductForm): string {
  const sum = (row: number, column: number): string => `sum_${row}_${column}`;
  return `${productDeclarations(form)}
var<workgroup> partial: array<vec4<f32>, ${rows * workgroupSize}>;
${entryPoint(workgroupSize, "workgroup")}
  enter_stack(workgroup.z);
  let row = uniforms.first_row + workgroup.y * ${rows}u;
  let column = uniforms.first_column + workgroup.x * 4u;
  ${lines(upTo(rows), (item) => `let left_start_${item} = left_start(row + ${item}u);`)}
  ${lines(upTo(4), (item) => `let right_start_${item} = right_start(column + ${item}u);`)}
  ${lines(upTo(rows), (item) => upTo(4).map((part) => `var ${sum(item, part)} = 0.0;`))}
  for (var step = lane; step < uniforms.steps; step += ${workgroupSize}u) {
    ${lines(upTo(4), (item) => `let right_${item} = read_right(right_start_${item}, step);`)}
    ${lines(upTo(rows), (item) => [
      `let left_${item} = read_left(left_start_${item}, step);`,
      ...upTo(4).map((part) => multiplyAdd(sum(item, part), `left_${item}`, `right_${part}`)),
    ])}
  }
  ${lines(
    upTo(rows),
    (item) =>
      `partial[${item * workgroupSize}u + lane] = vec4<f32>(${upTo(4)
        .map((part) => sum(item, part))
        .join(", ")});`,
  )}
  workgroupBarrier();
  // Four partial sums become one, all rows at a time, until each row has one.
  for (var parts = ${workgroupSize / 4}u; parts > 0u; parts >>= 2u) {
    if (lane < ${rows}u * parts) {
      let at = lane / parts * ${workgroupSize}u + lane % parts;
      partial[at] = (partial[at] + partial[at + parts]) + (partial[at + 2u * parts] + partial[at + 3u * parts]);
    }
    workgroupBarrier();
  }
  if (lane < ${rows}u) { write(row + lane, column, partial[lane * ${workgroupSize}u]); }
}`;
}
