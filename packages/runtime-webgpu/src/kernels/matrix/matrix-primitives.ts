import type { MatrixShape, MatrixUnits } from "../../kernel/device-facts.ts";

/**
 * Memory that matrices are loaded from or stored to: a variable at module scope, `array<f16>` (operands) or `array<f32>` (sums). Words of operands may hold
 * sums by turns, as bits; such memory is named once for each.
 */
export interface MatrixMemory {
  /** Of a `var<workgroup>` or a `var<storage>`; float32 ones can be written. */
  readonly name: string;
  readonly element: "f16" | "f32";
  /** Elements of a block, where the memory is an array of arrays: of blocks. */
  readonly block?: number;
}

/** How a matrix lies in memory: `rows`, element (r, c) at `at + r · stride + c`; `columns`, at `at + c · stride + r`. */
export type MatrixOrder = "rows" | "columns";

/**
 * WGSL for products on matrix units: `sum[rows, columns] += left[rows, inner] · right[inner, columns]`, float16 operands, float32 sums.
 *
 * A matrix belongs to a subgroup: `lanes` invocations in a row by `local_invocation_index`, all of which come to each of these together, with
 * the same places. Workgroups are multiples of `lanes` along x. Nothing of it synchronizes: what one subgroup stores, another, and other
 * invocations of its own, read after a `workgroupBarrier()`. Strides and places are in elements. Operands are multiplied before the memory
 * they were loaded from changes: the plain form reads them then. Places, strides and the memory itself begin at multiples of 16 bytes, as Vulkan
 * wants it; nothing says so where they do not. `npm run bench:matrix-probe` tries each of them on a device.
 *
 * Memory is named as it is (`tile`), or as a block of it (`tile[block]`), where places count from the block's start. A subgroup's part of the memory
 * is best a block, and places constants: then no load has a place to compute, of a product that nobody may simplify since it could overflow.
 */
export interface MatrixPrimitives {
  readonly shape: MatrixShape;
  readonly lanes: number;
  /**
   * `enable …;` and `diagnostic …;`, in front of everything else. They also let kernels use operations of subgroups, such as `quadSwapX`, wherever all of a
   * subgroup come to them.
   */
  readonly directives: string;
  /** What the others need at module scope; `memories` are all that matrices are loaded from and stored to. */
  declarations(memories: readonly MatrixMemory[]): string;
  /** A statement at the start of the entry point; `lane` is its `local_invocation_index`. */
  enter(lane: string): string;
  /** An expression: sums of zero, for a `var`. */
  readonly zero: string;
  /** Expressions: operands, for a `let`. `order`: default `rows`. */
  loadLeft(memory: string, at: string, stride: string, order?: MatrixOrder): string;
  loadRight(memory: string, at: string, stride: string, order?: MatrixOrder): string;
  /** An expression: sums kept in float32, rows in a row. */
  loadSum(memory: string, at: string, stride: string): string;
  /** An expression: `sum + left · right`. */
  multiplyAdd(left: string, right: string, sum: string): string;
  /** A statement: sums to float32 memory, rows in a row. */
  store(memory: string, at: string, stride: string, sum: string): string;
}

/** Writes the primitives for matrices of a shape. `words`: see `matrixPrimitives`. */
export type MakeMatrices = (shape: MatrixShape, lanes: number, words: readonly string[]) => MatrixPrimitives;

/** Matrix units that may be none of the device's own: `make` is there where tests have them computed in plain WGSL. */
export interface MadeMatrixUnits extends MatrixUnits {
  readonly make?: MakeMatrices | undefined;
}

/** `tile` of `tile` and of `tile[block]`. */
export function nameOfMemory(memory: string): string {
  return memory.split("[", 1)[0] ?? memory;
}
