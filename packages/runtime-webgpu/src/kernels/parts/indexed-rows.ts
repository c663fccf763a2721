import { elementCount } from "@longspan/core";
import type { DeviceTensor, Dispatch, Kernel } from "../../kernel/kernel.ts";
import type { DeviceLimits } from "../../kernel/device-facts.ts";
import { indexedEntryPoint, storageBuffers, uniformStruct } from "./bindings.ts";
import { foldWorkgroups, packUniforms, wholeOperand } from "./dispatching.ts";

const workgroupSize = 64;

/** Rows of one tensor and places of another, brought together by a list of the rows' numbers. */
export interface IndexedRows {
  /** Of the kernel. */
  readonly name: string;
  /** What is bound, in order: `indices` int32 `[batch, places]`, the others words of 4 bytes. The last is written. */
  readonly tensors: { readonly indices: DeviceTensor } & Readonly<Record<string, DeviceTensor>>;
  /** The tensor whose rows are counted, `[batch, rows, …]`. */
  readonly rows: DeviceTensor;
  /** The tensor whose places are gone through, `[batch, places, …]`. */
  readonly places: DeviceTensor;
  /** WGSL for the word `index` of `places`, in its `place`; it declares a `row`, and `wordOfRow` is that word's place in `rows`. */
  readonly body: string;
}

/** WGSL: where, in the tensor of rows, the word of `row` stands that belongs to the word `index` of the places. */
export const wordOfRow = "(place / uniforms.places * uniforms.rows + row) * uniforms.width + index % uniforms.width";

/** Four words at a time (`-fours`) where rows are so wide. Grid: workgroups of 64 over the places. */
export function planIndexedRows({ name, tensors, rows, places, body }: IndexedRows, limits: DeviceLimits): Dispatch {
  const { indices } = tensors;
  const width = elementCount(rows.shape.slice(2));
  const step = width % 4 === 0 ? 4 : 1;
  const count = elementCount(places.shape) / step;
  return {
    kernel: indexedRowsKernel(step === 4 ? `${name}-fours` : name, step === 4 ? "vec4<u32>" : "u32", Object.keys(tensors), body),
    uniforms: packUniforms(count, rows.shape[1] ?? 0, indices.shape[1] ?? 0, width / step),
    operands: Object.values(tensors).map((tensor) => wholeOperand(tensor, limits)),
    workgroups: foldWorkgroups(Math.ceil(count / workgroupSize), limits),
    work: { floatingPointOperations: 0, bytes: indices.byteLength + 2 * places.byteLength },
  };
}

function indexedRowsKernel(name: string, type: "u32" | "vec4<u32>", bound: readonly string[], body: string): Kernel {
  const types = bound.map((tensor) => [tensor, tensor === "indices" ? "u32" : type] as const);
  const buffers = storageBuffers(Object.fromEntries(types.slice(0, -1)), Object.fromEntries(types.slice(-1)));
  return {
    name,
    access: buffers.access,
    code: `
${uniformStruct("count: u32, rows: u32, places: u32, width: u32")}
${buffers.declarations}
${indexedEntryPoint(workgroupSize)}
  if (index >= uniforms.count) { return; }
  let place = index / uniforms.width;
  ${body}
}`,
  };
}
