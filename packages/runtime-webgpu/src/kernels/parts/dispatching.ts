import type { LongspanError } from "@longspan/core";
import type { DeviceLimits } from "../../kernel/device-facts.ts";
import type { DeviceTensor, Operand } from "../../kernel/kernel.ts";
import { beyondLimit } from "../../kernel/tensor-bytes.ts";

/** Where bindings may start: WebGPU's default for `minStorageBufferOffsetAlignment` and the one of uniforms, which every device can do. */
export const bindingAlignment = 256;

/** Words for a uniform buffer: integers (negative ones as two's complement), filled up to a multiple of 16 bytes. */
export function packUniforms(...words: readonly number[]): ArrayBuffer {
  const packed = new Uint32Array(Math.ceil(words.length / 4) * 4);
  packed.set(words);
  return packed.buffer;
}

/** The bits of a float32, for a field `f32` of a uniform buffer. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

/** As many workgroups as `count`, or a few more, in two dimensions where one would be too long. `workgroupIndex` counts them through. */
export function foldWorkgroups(count: number, limits: DeviceLimits): readonly [number, number, number] {
  const rows = Math.ceil(count / limits.maxComputeWorkgroupsPerDimension);
  return [Math.ceil(count / rows), rows, 1];
}

/** The parameters of an entry point of `foldWorkgroups`, and what they are for: `workgroupIndex`, and `lane` within it. */
export const workgroupParameters =
  "@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) lane: u32";
export const workgroupIndex = "(workgroup.y * grid.x + workgroup.x)";

/** A run of rows. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Rows in runs that can be bound: no longer than a binding may be, each beginning where a binding may begin. One run where all fit.
 * `rowBytes` are the sizes of one row in each tensor that is bound this way. `most`: the rows of a run at most, where rows are an axis of the
 * grid; at least 128, by which all runs may begin.
 * @throws LongspanError `device-limit` where not even the shortest run fits.
 */
export function rowRanges(
  rows: number,
  rowBytes: readonly number[],
  limits: DeviceLimits,
  most: number = Number.POSITIVE_INFINITY,
): readonly RowRange[] {
  const maxRows = Math.min(most, Math.floor(limits.maxStorageBufferBindingSize / Math.max(...rowBytes)));
  if (rows <= maxRows) return [{ first: 0, count: rows }];
  const step = Math.max(...rowBytes.map((bytes) => bindingAlignment / greatestCommonDivisor(bytes, bindingAlignment)));
  const count = Math.floor(maxRows / step) * step;
  if (count === 0)
    throw overLimit(`${step} rows of ${Math.max(...rowBytes)} bytes, the least to bind at once,`, step * Math.max(...rowBytes), limits);
  return Array.from({ length: Math.ceil(rows / count) }, (_, at) => ({ first: at * count, count: Math.min(count, rows - at * count) }));
}

/** A run of a tensor's rows. */
export function rowsOf(tensor: DeviceTensor, rowBytes: number, { first, count }: RowRange): Operand {
  const byteOffset = first * rowBytes;
  if (byteOffset === 0 && count * rowBytes >= tensor.byteLength) return { tensor };
  return { tensor, byteOffset, byteLength: Math.min(Math.ceil((count * rowBytes) / 4) * 4, tensor.byteLength - byteOffset) };
}

/** A tensor for a kernel that needs all of it. @throws LongspanError `device-limit` where that is more than may be bound. */
export function wholeOperand(tensor: DeviceTensor, limits: DeviceLimits): Operand {
  if (tensor.byteLength > limits.maxStorageBufferBindingSize)
    throw overLimit(`"${tensor.name}" [${tensor.shape.join(", ")}]`, tensor.byteLength, limits, tensor.name);
  return { tensor };
}

export function overLimit(what: string, bytes: number, limits: DeviceLimits, tensor?: string): LongspanError {
  const named = tensor === undefined ? undefined : { tensor };
  return beyondLimit(`${what} takes ${bytes} bytes`, "binds at most", "maxStorageBufferBindingSize", bytes, limits, named);
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right);
}
