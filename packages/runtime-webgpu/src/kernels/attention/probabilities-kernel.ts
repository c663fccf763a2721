import { declareUniforms, storageBuffers } from "../parts/bindings.ts";
import { type RowForm, vectorType, vectorReader } from "./vectors.ts";

export interface ProbabilitiesShader {
  /** Of the uniforms, `sizes`: among others `vectors`, how many fours of elements a vector has, and `scale`. */
  readonly fields: Readonly<Record<string, "u32" | "f32">>;
  /** What the shader calls the length of a vector, and that length. */
  readonly lengthName: string;
  readonly length: number;
  /** How queries and keys lie in memory. */
  readonly forms: { readonly query: RowForm; readonly key: RowForm };
  /** WGSL: functions, if any. */
  readonly functions?: string;
  /** WGSL: the statements of an invocation, `lane.x` of 64, of a workgroup `group` of `groups`. They write to `out`. */
  readonly body: string;
}

/** WGSL: `score`, the scaled product of the vectors that begin at `queryStart` and `keyStart`. */
export const scoreOfVectors = `var score = 0.0;
      for (var vector = 0u; vector < sizes.vectors; vector++) { score += dot(read_query(queryStart, vector) * sizes.scale, read_key(keyStart, vector)); }`;

/**
 * The text of a kernel that makes attention probabilities of queries, keys, the tokens' codes, the lists of global tokens, and the `statistics` (highest
 * scores and sums) that an attention kernel kept of its rows.
 */
export function probabilitiesKernelCode({ fields, lengthName, length, forms, functions = "", body }: ProbabilitiesShader): string {
  const buffers = storageBuffers(
    { query: vectorType(forms.query), key: vectorType(forms.key), codes: "i32", tokens: "i32", statistics: "vec2<f32>" },
    { out: "f32" },
  );
  return `${declareUniforms(fields)}
${buffers.declarations}
const ${lengthName} = ${length}u;
${vectorReader("read_query", "query", forms.query, lengthName)}
${vectorReader("read_key", "key", forms.key, lengthName)}
${functions}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>,
) {
  ${body}
}`;
}
