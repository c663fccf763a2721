// The hidden states of the global tokens, one after the other; 0 where an item of the batch has fewer than there are slots:
//
//     out[place, element] = hidden[position of the place's global token, element]
//
// Shapes: hidden `[items, sequence, hidden]`, tokens `[batch, tokensStride]`, out `[items, slots, hidden]`.
// Grid: [⌈hidden / 256⌉, slots (or as many as there may be; the rest in turns), items].
import type { Kernel } from "../../kernel/kernel.ts";
import { declareUniforms, storageBuffers } from "../parts/bindings.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { type RowForm, vectorType, vectorReader, vectorWriter } from "./vectors.ts";

export const gatherFields = {
  sequence: "u32",
  hidden: "u32",
  slots: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

export function gatherGlobalRowsKernel(hidden: RowForm): Kernel {
  const out: RowForm = { storage: "float32", aligned: hidden.aligned };
  const buffers = storageBuffers({ hidden: vectorType(hidden), tokens: "i32" }, { out: vectorType(out) });
  return {
    name: "gather-global-rows",
    access: buffers.access,
    code: `${declareUniforms(gatherFields)}
${buffers.declarations}
${vectorReader("read_hidden", "hidden", hidden, "sizes.hidden")}
${vectorWriter("write_out", "out", out, "sizes.hidden")}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>,
) {
  let vector = group.x * 64u + lane.x;
  if (4u * vector >= sizes.hidden) { return; }
  let list = (sizes.firstItem + group.z) * sizes.tokensStride;
  let globals = u32(tokens[list + ${attentionTokens.globals}u]);
  for (var place = group.y; place < sizes.slots; place += groups.y) {
    var value = vec4<f32>();
    if (place < globals) {
      let token = u32(tokens[list + ${attentionTokens.positions}u + place]);
      value = read_hidden((group.z * sizes.sequence + token) * sizes.hidden, vector);
    }
    write_out((group.z * sizes.slots + place) * sizes.hidden, vector, value);
  }
}`,
  };
}
