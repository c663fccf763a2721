import { elementCount } from "@longspan/core";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch, Kernel } from "../../kernel/kernel.ts";
import { storageBuffers, uniformStruct } from "./bindings.ts";
import { foldWorkgroups, packUniforms, rowRanges, rowsOf, wholeOperand, workgroupIndex, workgroupParameters } from "./dispatching.ts";

const workgroupSize = 64;
/** Words that an invocation looks at. */
const perInvocation = 16;
/** Ranges of a tensor begin where bindings may: at multiples of 64 words. */
const rangeWords = 64;

function finiteCheckKernel(): Kernel {
  const buffers = storageBuffers({ x: "u32" }, { flags: "atomic<u32>" });

  return {
    name: "finite-check",
    access: buffers.access,
    code: `
${uniformStruct("words: u32, flag: u32")}
${buffers.declarations}
@compute @workgroup_size(${workgroupSize})
fn main(${workgroupParameters}) {
  let first = ${workgroupIndex} * ${workgroupSize * perInvocation}u + lane;
  var found = false;
  for (var item = 0u; item < ${perInvocation}u; item++) {
    let at = first + item * ${workgroupSize}u;
    if (at < uniforms.words) { found = found || (x[at] & 0x7f800000u) == 0x7f800000u; }
  }
  if (found) { atomicStore(&flags[uniforms.flag], 1u); }
}`,
  };
}

/** `flags[flag] = 1` where an element of x, float32 of any shape, is infinite or not a number. Grid: workgroups of 64 over x by sixteens. */
export function planFiniteCheck(x: DeviceTensor, flags: DeviceTensor, flag: number, { limits }: DeviceFacts): readonly Dispatch[] {
  const words = elementCount(x.shape);
  const kernel = finiteCheckKernel();
  return rowRanges(Math.ceil(words / rangeWords), [rangeWords * 4], limits).map((range) => {
    const here = Math.min(range.count * rangeWords, words - range.first * rangeWords);
    return {
      kernel,
      uniforms: packUniforms(here, flag),
      operands: [rowsOf(x, rangeWords * 4, range), wholeOperand(flags, limits)],
      workgroups: foldWorkgroups(Math.ceil(here / (workgroupSize * perInvocation)), limits),
      work: { floatingPointOperations: 0, bytes: 4 * here },
    };
  });
}
