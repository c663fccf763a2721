// `out = float16(wide)`: a context as halves, where the attention's kernels cannot write them: where heads have an odd number of elements, so that
// two of them share a word, and those for software adapters.
// Shapes: wide and out `[rows, hidden]`, hidden a multiple of 4.
// Grid: [⌈rows · hidden / 256⌉ in two dimensions].
import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import type { DeviceLimits } from "../../kernel/device-facts.ts";
import { foldWorkgroups, workgroupIndex, workgroupParameters } from "../parts/dispatching.ts";
import { halvesCode } from "../parts/float-storage.ts";
import { declareUniforms, packFields, storageBuffers } from "../parts/bindings.ts";

const fields = { vectors: "u32" } as const;

export function narrowContext(wide: DeviceTensor, context: DeviceTensor, limits: DeviceLimits): Dispatch {
  const vectors = wide.byteLength / 16;
  const buffers = storageBuffers({ wide: "vec4<f32>" }, { out: "vec2<u32>" });
  return {
    kernel: {
      name: "narrow-context",
      access: buffers.access,
      code: `${declareUniforms(fields)}
${buffers.declarations}
${halvesCode("float16")}
@compute @workgroup_size(64)
fn main(${workgroupParameters}) {
  let at = ${workgroupIndex} * 64u + lane;
  if (at >= sizes.vectors) { return; }
  out[at] = pack_halves(wide[at]);
}`,
    },
    uniforms: packFields(fields, { vectors }),
    operands: [{ tensor: wide }, { tensor: context }],
    workgroups: foldWorkgroups(Math.ceil(vectors / 64), limits),
    work: { floatingPointOperations: 0, bytes: wide.byteLength + context.byteLength },
  };
}
