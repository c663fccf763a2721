import { type LazyTensor, LongspanError } from "@longspan/core";
import { readFloats } from "@longspan/core/adapter";
import { adapterFloat, promotedFloat, roundedTo } from "./float-rounding.ts";
import { checkUpdate, readRows, rowwise, updateRows, type LowRankUpdate, type RowRange } from "./merged-weight.ts";

/** Rows that are read together where norms are taken over a whole table. */
const rowsAtOnce = 1024;

/**
 * DoRA: the updated weight with each output's vector brought to a trained length, `m / ‖W + Δ‖ · (W + Δ)` (peft/tuners/lora/variants.py). Types are
 * torch's at every step. The norm is summed in float64 and rounded once: torch sums it in float32, in an order that depends on the
 * processor, so values may differ from PEFT's by the last bits.
 */
export function addNormalizedUpdate(name: string, base: LazyTensor, update: LowRankUpdate, magnitude: LazyTensor): LazyTensor {
  checkUpdate(base, update);
  const [rows = 0, columns = 0] = base.shape;
  const lengths = update.transposed ? columns : rows;
  if (magnitude.shape.length !== 1 || magnitude.shape[0] !== lengths) {
    throw new LongspanError(
      "weights-mismatch",
      `The adapter does not fit "${base.name}": its magnitudes "${magnitude.name}" are [${magnitude.shape.join(", ")}], expected [${lengths}].`,
      { details: { tensor: base.name, magnitude: magnitude.shape, expected: lengths } },
    );
  }
  const type = promotedFloat(adapterFloat(base), update.dataType);
  const updated = async (range: RowRange): Promise<Float32Array> => {
    const [values, delta] = [await readRows(base, range), await updateRows(update, range)];
    return roundedTo(
      values.map((value, index) => value + (delta[index] ?? 0)),
      type,
      name,
    );
  };
  const factorsOf = async (squares: Float64Array, first: number, signal: AbortSignal | undefined): Promise<Float32Array> => {
    const magnitudes = await readFloats(magnitude, { start: first, count: squares.length, signal });
    const norms = roundedTo(
      Float32Array.from(squares, (square) => Math.sqrt(square)),
      type,
      name,
    );
    return roundedTo(
      Float32Array.from(norms, (norm, index) => (magnitudes[index] ?? 0) / norm),
      type,
      name,
    );
  };
  if (!update.transposed) {
    return rowwise(name, base, [update.a, update.b, magnitude], async (range) => {
      const values = await updated(range);
      const squares = new Float64Array(range.count);
      for (const [index, value] of values.entries()) addSquare(squares, Math.floor(index / columns), value);
      const factors = await factorsOf(squares, range.first, range.signal);
      return roundedTo(
        values.map((value, index) => value * (factors[Math.floor(index / columns)] ?? 0)),
        type,
        name,
      );
    });
  }
  // The lengths of columns need all rows: they are found once, when the first row is asked for.
  let known: Promise<Float32Array> | undefined;
  const findFactors = async (signal: AbortSignal | undefined): Promise<Float32Array> => {
    const squares = new Float64Array(columns);
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const values = await updated({ first, count: Math.min(rowsAtOnce, rows - first), signal });
      for (const [index, value] of values.entries()) addSquare(squares, index % columns, value);
    }
    return factorsOf(squares, 0, signal);
  };
  return rowwise(name, base, [update.a, update.b, magnitude], async (range) => {
    known ??= findFactors(range.signal).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    const factors = await known;
    const values = await updated(range);
    return roundedTo(
      values.map((value, index) => value * (factors[index % columns] ?? 0)),
      type,
      name,
    );
  });
}

function addSquare(squares: Float64Array, index: number, value: number): void {
  squares[index] = (squares[index] ?? 0) + value * value;
}
