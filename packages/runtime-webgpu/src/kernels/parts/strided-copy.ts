import type { DeviceTensor, Dispatch, Kernel } from "../../kernel/kernel.ts";
import type { PlanContext } from "../../kernel/operation-kernels.ts";
import { indexedEntryPoint, storageBuffers } from "./bindings.ts";
import { foldWorkgroups, wholeOperand } from "./dispatching.ts";
import { domainSize, inFours, packDomain, simplifyDomain, stridedDeclarations, type StridedDomain } from "./strided-domain.ts";

const workgroupSize = 64;

/**
 * `out[places of i in out] = x[places of i in x]` for every index i of a domain of two tensors, words of 4 bytes whatever they mean: what
 * transposing, slicing, joining and copying are. Four words at a time (`-fours`) where the innermost axis allows it.
 * Grid: workgroups of 64 over the indices.
 */
export function planCopy(
  name: string,
  x: DeviceTensor,
  out: DeviceTensor,
  domain: StridedDomain,
  context: PlanContext,
): readonly Dispatch[] {
  const { limits } = context.facts;
  return simplifyDomain(domain).map((simple) => {
    const fours = inFours(simple);
    const size = domainSize(fours ?? simple);
    return {
      kernel: copyKernel(name, fours === undefined ? "u32" : "vec4<u32>"),
      uniforms: packDomain(fours ?? simple),
      operands: [wholeOperand(x, limits), wholeOperand(out, limits)],
      workgroups: foldWorkgroups(Math.ceil(size / workgroupSize), limits),
      work: { floatingPointOperations: 0, bytes: 8 * domainSize(simple) },
    };
  });
}

function copyKernel(name: string, type: "u32" | "vec4<u32>"): Kernel {
  const buffers = storageBuffers({ x: type }, { out: type });
  return {
    name: type === "u32" ? name : `${name}-fours`,
    access: buffers.access,
    code: `${stridedDeclarations()}
${buffers.declarations}
${indexedEntryPoint(workgroupSize)}
  if (index >= uniforms.elements) { return; }
  let places = placesOf(index);
  out[places.y] = x[places.x];
}`,
  };
}
