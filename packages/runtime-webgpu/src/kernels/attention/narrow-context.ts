// `out = float16(wide)`: a context as halves, where the attention's kernels cannot write them: where heads have an odd number of elements, so that
// two of them share a word, and those for software adapters.
// Shapes: wide and out `[rows, hidden]`, hidden a multiple of 4.
// Grid: [⌈rows · hidden / 256⌉ in two dimensions].
import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import type { DeviceLimits } from "../../kernel/device-facts.ts";
import { foldWorkgroups, workgroupIndex, workgroupParameters } from "../parts/dispatching.ts";
import { halvesCode } from "../parts/float-storage.ts";
import { declareUniforms, packFields } from "./uniforms.ts";

const fields = { vectors: "u32" } as const;

export function narrowContext(wide: DeviceTensor, context: DeviceTensor, limits: DeviceLimits): Dispatch {
  const vectors = wide.byteLength / 16;
  return {
    kernel: {
      name: "narrow-context",
      access: ["read", "write"],
      code: `${declareUniforms(fields)}
@group(0) @binding(1) var<storage, read> wide: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec2<u32>>;
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
