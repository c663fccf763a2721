import type { MatrixPrimitives } from "../matrix/index.ts";
import { declareUniforms, storageBuffers, type UniformFields } from "../parts/bindings.ts";
import { lines, upTo } from "../parts/lines.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { jointRows } from "./joint-tiling.ts";
import { softmaxConstants } from "./softmax-step.ts";

/** WGSL of `matrix-joint.ts` and `matrix-sweep.ts`: their uniforms and buffers, whose shapes are told there. */
export function declareJoint(fields: UniformFields): string {
  const { declarations } = storageBuffers(
    { folded: "vec4<u32>", hidden: "vec4<u32>", codes: "i32", tokens: "i32" },
    { partials: "f32", statistics: "vec2<f32>" },
  );
  return `${declareUniforms(fields)}
${declarations}
${softmaxConstants}`;
}

/** WGSL: which rows a workgroup has, and which subgroup an invocation is of; it ends where there are no such rows. */
export function enterJoint({ enter, lanes }: MatrixPrimitives): string {
  return `${enter("lane")}
  let item = group.z;
  let batchItem = sizes.firstItem + item;
  let list = batchItem * sizes.tokensStride;
  let rowsHere = u32(tokens[list + ${attentionTokens.globals}u]) * sizes.rowsOfToken;
  let length = u32(tokens[list + ${attentionTokens.length}u]);
  let firstRow = group.y * ${jointRows}u;
  if (firstRow >= rowsHere) { return; }
  let subgroup = lane / ${lanes}u;`;
}

/** WGSL: the sums `out_ROW_COLUMN` of all rows and a subgroup's elements of a token of `hidden` to their places, from `row_of_split` on. */
export function storeJointSums({ shape, store }: MatrixPrimitives, hidden: number, ownElements: number): string {
  return lines(upTo(jointRows / shape.rows), (row) =>
    upTo(ownElements / shape.columns).map((column) =>
      store(
        "partials",
        `(row_of_split + ${row * shape.rows}u) * ${hidden}u + subgroup * ${ownElements}u + ${column * shape.columns}u`,
        `${hidden}u`,
        `out_${row}_${column}`,
      ),
    ),
  );
}
