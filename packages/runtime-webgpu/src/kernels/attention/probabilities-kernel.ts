import type { Kernel } from "../../kernel/kernel.ts";
import { probabilityAccess } from "./probability-fields.ts";
import { declareUniforms } from "./uniforms.ts";
import { type RowForm, vectorBuffer, vectorReader } from "./vectors.ts";

export interface ProbabilitiesShader {
  readonly name: string;
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
 * A kernel that makes attention probabilities of queries, keys, the tokens' codes, the lists of global tokens, and the `statistics` (highest
 * scores and sums) that an attention kernel kept of its rows.
 */
export function probabilitiesKernel({ name, fields, lengthName, length, forms, functions = "", body }: ProbabilitiesShader): Kernel {
  return {
    name,
    access: probabilityAccess,
    code: `${declareUniforms(fields)}
@group(0) @binding(1) var<storage, read> query: ${vectorBuffer(forms.query)};
@group(0) @binding(2) var<storage, read> key: ${vectorBuffer(forms.key)};
@group(0) @binding(3) var<storage, read> codes: array<i32>;
@group(0) @binding(4) var<storage, read> tokens: array<i32>;
@group(0) @binding(5) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;
const ${lengthName} = ${length}u;
${vectorReader("read_query", "query", forms.query, lengthName)}
${vectorReader("read_key", "key", forms.key, lengthName)}
${functions}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>,
) {
  ${body}
}`,
  };
}
