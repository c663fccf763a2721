import { type LazyTensor, LongspanError } from "@longspan/core";
import { computedTensor, readFloats } from "@longspan/core/adapter";
import { adapterFloat, floatBytes, promotedFloat, roundedTo, type AdapterFloat } from "./float-rounding.ts";
import { fusedFrom, lowRankProduct } from "./low-rank-product.ts";

/** LoRA's update of one weight: `scaling · B · A`, for an embedding its transpose (peft/tuners/lora/layer.py, `get_delta_weight`). */
export interface LowRankUpdate {
  /** `[rank, in]`; of an embedding `[rank, rows]`. */
  readonly a: LazyTensor;
  /** `[out, rank]`; of an embedding `[columns, rank]`. */
  readonly b: LazyTensor;
  readonly scaling: number;
  /** The type in which the adapter is held when it is merged. */
  readonly dataType: AdapterFloat;
  /** The update is `(B · A)ᵀ`: embeddings, and weights that are stored transposed. */
  readonly transposed: boolean;
}

/** Rows of a matrix. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws LongspanError `weights-mismatch` for a matrix that the update does not fit. */
export function checkUpdate(base: LazyTensor, update: LowRankUpdate): void {
  const { a, b, transposed } = update;
  const [rows, columns] = transposed ? [a.shape[1], b.shape[0]] : [b.shape[0], a.shape[1]];
  const fits =
    a.shape.length === 2 &&
    b.shape.length === 2 &&
    a.shape[0] === b.shape[1] &&
    base.shape.length === 2 &&
    base.shape[0] === rows &&
    base.shape[1] === columns;
  if (fits) return;
  throw new LongspanError(
    "weights-mismatch",
    `The adapter does not fit "${base.name}": A is [${a.shape.join(", ")}], B [${b.shape.join(", ")}], the weight [${base.shape.join(", ")}]. Give the base that it was trained on.`,
    { details: { tensor: base.name, a: a.shape, b: b.shape, base: base.shape } },
  );
}

/** Rows of the update, as values of its type. */
export async function updateRows({ a, b, scaling, dataType, transposed }: LowRankUpdate, range: RowRange): Promise<Float32Array> {
  const [rank = 0, across = 0] = a.shape;
  const fused = (b.shape[0] ?? 0) >= fusedFrom;
  const product = transposed
    ? transposedRows(
        lowRankProduct(
          await readFloats(b, { start: 0, count: (b.shape[0] ?? 0) * rank, signal: range.signal }),
          await readColumns(a, range),
          {
            rows: b.shape[0] ?? 0,
            rank,
            columns: range.count,
            fused,
          },
        ),
        range.count,
      )
    : lowRankProduct(
        await readFloats(b, { start: range.first * rank, count: range.count * rank, signal: range.signal }),
        await readFloats(a, { start: 0, count: rank * across, signal: range.signal }),
        { rows: range.count, rank, columns: across, fused },
      );
  const factor = Math.fround(scaling);
  return roundedTo(
    product.map((value) => value * factor),
    dataType,
    b.name,
  );
}

/** `weight + update`, rounded to the weight's type: `base_layer.weight.data += delta_weight`. */
export function addUpdate(name: string, base: LazyTensor, update: LowRankUpdate): LazyTensor {
  checkUpdate(base, update);
  return rowwise(name, base, [update.a, update.b], async (range) => {
    const [values, delta] = [await readRows(base, range), await updateRows(update, range)];
    return values.map((value, index) => value + (delta[index] ?? 0));
  });
}

/** The bias that LoRA trains beside a low-rank update (`lora_bias`): `bias + scaling · lora_B.bias`. */
export function addBias(name: string, base: LazyTensor, bias: LazyTensor, scaling: number, dataType: AdapterFloat): LazyTensor {
  requireShape(base, bias, base.shape);
  const factor = Math.fround(scaling);
  return rowwise(name, base, [bias], async (range) => {
    const values = await readRows(base, range);
    const added = roundedTo(
      (await readRows(bias, range)).map((value) => value * factor),
      dataType,
      bias.name,
    );
    return values.map((value, index) => value + (added[index] ?? 0));
  });
}

/** IA3's factors, `[out, 1]` or (feed-forward) `[1, in]` (peft/tuners/ia3/layer.py): `weight · l`. A bias takes those of its outputs. */
export function scaleWeight(
  name: string,
  base: LazyTensor,
  factors: LazyTensor,
  { dataType, transposed }: Pick<LowRankUpdate, "dataType" | "transposed">,
): LazyTensor {
  const [rows = 0, columns = 1] = base.shape;
  const ofInputs = factors.shape[0] === 1;
  const perColumn = base.shape.length === 2 && ofInputs !== transposed;
  const length = perColumn ? columns : rows;
  requireShape(base, factors, ofInputs ? [1, length] : [length, 1]);
  const computed = promotedFloat(adapterFloat(base), dataType);
  return rowwise(name, base, [factors], async (range) => {
    const values = await readRows(base, range);
    const wanted = perColumn ? { start: 0, count: columns } : { start: range.first, count: range.count };
    const scales = await readFloats(factors, { ...wanted, signal: range.signal });
    const scaled = values.map((value, index) => value * (scales[perColumn ? index % columns : Math.floor(index / columns)] ?? 0));
    return roundedTo(scaled, computed, name);
  });
}

/** A tensor in the shape and type of another, computed from it some rows at a time. A vector's rows are its elements. */
export function rowwise(
  name: string,
  base: LazyTensor,
  inputs: readonly LazyTensor[],
  compute: (range: RowRange) => Promise<Float32Array>,
): LazyTensor {
  const dataType = adapterFloat(base);
  const columns = Math.max(
    1,
    base.shape.slice(1).reduce((product, dimension) => product * dimension, 1),
  );
  return computedTensor({
    name,
    dataType,
    shape: base.shape,
    inputs: [base, ...inputs],
    unitElements: columns,
    compute: async ({ start, count, signal }) =>
      floatBytes(await compute({ first: start / columns, count: count / columns, signal }), dataType, name),
  });
}

export async function readRows(tensor: LazyTensor, { first, count, signal }: RowRange): Promise<Float32Array> {
  const columns = tensor.shape.slice(1).reduce((product, dimension) => product * dimension, 1);
  return Float32Array.from(await readFloats(tensor, { start: first * columns, count: count * columns, signal }));
}

/** Some columns of a matrix, as a matrix of its own. */
async function readColumns(matrix: LazyTensor, { first, count, signal }: RowRange): Promise<Float64Array> {
  const [rows = 0, columns = 0] = matrix.shape;
  const found = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) found.set(await readFloats(matrix, { start: row * columns + first, count, signal }), row * count);
  return found;
}

function transposedRows(matrix: Float32Array, columns: number): Float32Array {
  const rows = matrix.length / columns;
  const turned = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = matrix[row * columns + column] ?? 0;
  return turned;
}

function requireShape(base: LazyTensor, part: LazyTensor, shape: readonly number[]): void {
  if (part.shape.length === shape.length ? part.shape.every((size, axis) => size === shape[axis]) : false) return;
  throw new LongspanError(
    "weights-mismatch",
    `The adapter does not fit "${base.name}": "${part.name}" is [${part.shape.join(", ")}], expected [${shape.join(", ")}]. Give the base that it was trained on.`,
    { details: { tensor: base.name, part: part.shape, expected: shape } },
  );
}
