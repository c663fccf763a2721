import type { ActivationFunction } from "@longspan/core/graph";
import { storageBuffers, uniformStruct } from "../parts/bindings.ts";
import { activationCode } from "../activation-functions.ts";
import { foursType, halvesCode, packFours, unpackFours, type FloatStorage } from "../parts/float-storage.ts";
import { maxAxes } from "../parts/strided-domain.ts";
import type { RightLayout } from "./tiling.ts";

/** What a matrix product reads, and what it does with its sums. */
export interface ProductForm {
  readonly rightLayout: RightLayout;
  /** float16 only where the inner axis is a multiple of 4. */
  readonly leftStorage: FloatStorage;
  readonly rightStorage: FloatStorage;
  /** Of the output and the addend; float16 only where the columns are a multiple of 4. */
  readonly outStorage: FloatStorage;
  readonly addendStorage: FloatStorage;
  /** Whether the inner axis is a multiple of 4, so that it is read four at a time. */
  readonly innerByFours: boolean;
  /** Whether the inner axis, and each part of it, is a multiple of what a tiling stages. */
  readonly innerByTiles: boolean;
  /** Whether the columns of the output are a multiple of 4, so that they are written four at a time. */
  readonly columnsByFours: boolean;
  readonly bias: boolean;
  readonly activation: ActivationFunction | undefined;
  readonly addend: boolean;
  /** Whether there are several products, along `workgroup.z`. */
  readonly stacked: boolean;
  /**
   * Whether the inner axis is cut into parts along `workgroup.z`, each of which writes its own sums: then nothing follows them, and the output
   * is `[parts, rows, columns]`, float32.
   */
  readonly partial: boolean;
}

/** The numbers of one dispatch. */
export interface ProductUniforms {
  /** Of the output, within what is bound. */
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Where the grid begins. */
  readonly firstRow: number;
  readonly firstColumn: number;
  /** The column of the output that column 0 of what is bound of `right` is, and the distance of the output's rows. */
  readonly outColumn: number;
  readonly outStride: number;
  readonly stack?: StackUniforms | undefined;
  /** Steps of four of the inner axis in a part. */
  readonly partSteps?: number | undefined;
}

/** Where the matrices of a stack lie, in elements from what is bound. Starts may be negative: what is added to them is not. */
interface StackUniforms {
  readonly leftStart: number;
  readonly rightStart: number;
  readonly outStart: number;
  /** The index in the stack of the grid's first matrix. */
  readonly first: number;
  /** The stack's axes, `maxAxes` at most. */
  readonly axes: readonly StackAxis[];
}

interface StackAxis {
  readonly size: number;
  /** Elements between neighbours. */
  readonly leftStride: number;
  readonly rightStride: number;
}

/** For `packUniforms`, in the order of the struct that `productDeclarations` writes. */
export function uniformWords({
  rows,
  columns,
  inner,
  firstRow,
  firstColumn,
  outColumn,
  outStride,
  stack,
  partSteps,
}: ProductUniforms): readonly number[] {
  const words = [rows, columns, inner, Math.ceil(inner / 4), firstRow, firstColumn, outColumn, outStride];
  if (partSteps !== undefined) return [...words, partSteps];
  if (stack === undefined) return words;
  const { leftStart, rightStart, outStart, first, axes } = stack;
  words.push(leftStart, rightStart, outStart, first, axes.length, 0, 0, 0);
  for (const { size, leftStride, rightStride } of axes) words.push(size, leftStride, rightStride, 0);
  // Axes that the rank leaves out.
  return [...words, ...Array.from({ length: 4 * (maxAxes - axes.length) }, () => 0)];
}

/**
 * WGSL around any tiling: the bindings (left, right, bias and addend where there are, out) and
 *
 *     fn left_start(row) -> u32, fn read_left(start, step) -> vec4<f32>        left[row, 4 step … 4 step + 3]
 *     fn right_start(column) -> u32, fn read_right(start, step) -> vec4<f32>   right of that column, 4 step … 4 step + 3
 *     fn write(row, column, sums)                                             out[row, column … column + 3], column a multiple of 4
 *
 * Rows and columns past the last read the last one's values, and are not written. A step that reaches past the inner axis is filled with
 * zeros; one that begins past it reads anything. float16 lies as packed halves, which need no feature.
 *
 *     fn enter_stack(z), fn first_step(z) -> u32, fn end_step(z) -> u32       the matrices, or the part of the inner axis, of `workgroup.z`
 */
export function productDeclarations(form: ProductForm): string {
  const halves = form.rightStorage === "float16";
  const rightVectors = form.innerByFours && form.rightLayout === "columns";
  const left = form.innerByFours ? foursType(form.leftStorage) : "f32";
  const right = rightVectors ? foursType(form.rightStorage) : halves ? "u32" : "f32";
  return `
${productUniforms(form)}
${productBuffers(form, { left, right })}
${halvesCode(form.leftStorage, form.outStorage, form.addend ? form.addendStorage : "float32")}
${stackCode(form)}
${leftCode(form)}
${rightCode(form)}
${writeCode(form)}`;
}

/** WGSL: the struct that `uniformWords` fills. */
export function productUniforms({ stacked, partial }: Pick<ProductForm, "stacked" | "partial">): string {
  return uniformStruct(`
  rows: u32, columns: u32, inner: u32, steps: u32, first_row: u32, first_column: u32, out_column: u32, out_stride: u32,
  ${stacked ? stackFields : ""} ${partial ? "part_steps: u32," : ""}`);
}

/** WGSL: what is multiplied, or added up, and then what `writeCode` reads and writes. */
export function productBuffers(form: ProductForm, factors: Readonly<Record<string, string>>): string {
  const { columnsByFours, bias, addend, addendStorage, outStorage } = form;
  const typeOf = (storage: FloatStorage): string => (columnsByFours ? foursType(storage) : "f32");
  const read = { ...factors, ...(bias ? { bias: typeOf("float32") } : {}), ...(addend ? { addend: typeOf(addendStorage) } : {}) };
  return storageBuffers(read, { out: typeOf(outStorage) }).declarations;
}

const stackFields = `left_origin: u32, right_origin: u32, out_origin: u32, first_of_stack: u32,
  stack_rank: u32, stack_axes: array<vec4<u32>, ${maxAxes}>,`;

const wholeInner = `
fn first_step(z: u32) -> u32 { return 0u; }
fn end_step(z: u32) -> u32 { return uniforms.steps; }`;

/** `fn enter_stack(z)`: finds the matrices of the workgroup, or its part of them. */
function stackCode({ stacked, partial }: ProductForm): string {
  if (partial)
    return `
var<private> part: u32;
fn enter_stack(z: u32) { part = z; }
fn first_step(z: u32) -> u32 { return z * uniforms.part_steps; }
fn end_step(z: u32) -> u32 { return min(uniforms.steps, (z + 1u) * uniforms.part_steps); }`;
  if (!stacked) return `fn enter_stack(z: u32) {}${wholeInner}`;
  return `${wholeInner}
var<private> left_base: u32;
var<private> right_base: u32;
var<private> out_base: u32;
fn enter_stack(z: u32) {
  var rest = uniforms.first_of_stack + z;
  out_base = uniforms.out_origin + rest * uniforms.rows * uniforms.out_stride;
  left_base = uniforms.left_origin;
  right_base = uniforms.right_origin;
  for (var axis = uniforms.stack_rank; axis > 0u; axis--) {
    let now = uniforms.stack_axes[axis - 1u];
    left_base += rest % now.x * now.y;
    right_base += rest % now.x * now.z;
    rest /= now.x;
  }
}`;
}

function leftCode({ leftStorage, innerByFours, stacked }: ProductForm): string {
  const start = `${stacked ? "left_base + " : ""}min(row, uniforms.rows - 1u) * uniforms.inner`;
  if (innerByFours)
    return `
fn left_start(row: u32) -> u32 { return (${start}) >> 2u; }
fn read_left(start: u32, step: u32) -> vec4<f32> { return ${unpackFours(leftStorage, "left[start + step]")}; }`;
  return `
fn left_start(row: u32) -> u32 { return ${start}; }
fn read_left(start: u32, step: u32) -> vec4<f32> {
  let at = start + 4u * step;
  let rest = uniforms.inner - 4u * step;
  return vec4<f32>(left[at], select(0.0, left[at + 1u], rest > 1u), select(0.0, left[at + 2u], rest > 2u), select(0.0, left[at + 3u], rest > 3u));
}`;
}

function rightCode({ rightLayout, rightStorage, innerByFours, stacked }: ProductForm): string {
  const halves = rightStorage === "float16";
  const base = stacked ? "right_base + " : "";
  const column = "min(column, uniforms.columns - 1u)";
  if (rightLayout === "columns" && innerByFours)
    return `
fn right_start(column: u32) -> u32 { return (${base}${column} * uniforms.inner) >> 2u; }
fn read_right(start: u32, step: u32) -> vec4<f32> {
  ${halves ? "let packed = right[start + step];\n  return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y));" : "return right[start + step];"}
}`;
  const element = halves
    ? `
fn right_element(at: u32) -> f32 {
  let pair = unpack2x16float(right[at >> 1u]);
  return select(pair.x, pair.y, (at & 1u) == 1u);
}`
    : "fn right_element(at: u32) -> f32 { return right[at]; }";
  const [start, stride] = rightLayout === "columns" ? [`${column} * uniforms.inner`, "1u"] : [column, "uniforms.columns"];
  return `${element}
fn right_start(column: u32) -> u32 { return ${base}${start}; }
fn read_right(start: u32, step: u32) -> vec4<f32> {
  let stride = ${stride};
  let at = start + 4u * step * stride;
  let rest = uniforms.inner - 4u * step;
  return vec4<f32>(
    right_element(at),
    select(0.0, right_element(at + stride), rest > 1u),
    select(0.0, right_element(at + 2u * stride), rest > 2u),
    select(0.0, right_element(at + 3u * stride), rest > 3u));
}`;
}

/** `fn write(row, column, sums)`. */
export function writeCode({
  columnsByFours,
  bias,
  activation,
  addend,
  addendStorage,
  outStorage,
  stacked,
  partial,
}: Omit<ProductForm, "innerByFours" | "innerByTiles" | "leftStorage" | "rightLayout" | "rightStorage">): string {
  const fours = (buffer: string, at: string, storage: FloatStorage = "float32"): string =>
    columnsByFours
      ? unpackFours(storage, `${buffer}[(${at}) >> 2u]`)
      : `vec4<f32>(${[0, 1, 2, 3].map((part) => `${buffer}[${at} + ${part}u]`).join(", ")})`;
  const base = stacked ? "out_base + " : partial ? "part * uniforms.rows * uniforms.out_stride + " : "";
  const store = columnsByFours
    ? `out[at >> 2u] = ${packFours(outStorage, "value")};`
    : `out[at] = value.x;
  if (column + 1u < uniforms.columns) { out[at + 1u] = value.y; }
  if (column + 2u < uniforms.columns) { out[at + 2u] = value.z; }
  if (column + 3u < uniforms.columns) { out[at + 3u] = value.w; }`;
  return `${activation === undefined ? "" : activationCode(activation, "vec4<f32>")}
fn write(row: u32, column: u32, sums: vec4<f32>) {
  if (row >= uniforms.rows || column >= uniforms.columns) { return; }
  let out_column = uniforms.out_column + column;
  let at = ${base}row * uniforms.out_stride + out_column;
  var value = sums;
  ${bias ? `value += ${fours("bias", "out_column")};` : ""}
  ${activation === undefined ? "" : "value = activate(value);"}
  ${addend ? `value += ${fours("addend", "at", addendStorage)};` : ""}
  ${store}
}`;
}

/** Statements that add to `sum` the products of two vectors of four, one after the other. */
export function multiplyAdd(sum: string, left: string, right: string): string {
  return ["x", "y", "z", "w"].map((part) => `${sum} = fma(${left}.${part}, ${right}.${part}, ${sum});`).join(" ");
}
