import { elementCount, type LazyTensor, LongspanError } from "@longspan/core";
import { isFloatingPoint, readFloats } from "@longspan/core/adapter";
import type { TensorStatistics } from "../protocol/calls.ts";
import type { StepOptions } from "./models.ts";

const pieceElements = 2 ** 20;
const steps = 48;

/**
 * Minimum, maximum, mean, deviation (of the whole population: √(Σ(x - mean)² / n), by Welford's method, piece by piece) and a histogram of the
 * finite values, in two readings.
 * @throws LongspanError `data-type-mismatch` for bools and integers.
 */
export async function statisticsOf(tensor: LazyTensor, { signal, report }: StepOptions): Promise<TensorStatistics> {
  if (!isFloatingPoint(tensor.dataType)) {
    throw new LongspanError("data-type-mismatch", `${tensor.name} holds ${tensor.dataType}; statistics are of floats.`);
  }
  const elements = elementCount(tensor.shape);
  let [minimum, maximum] = [Infinity, -Infinity];
  let [mean, squares, count, zeros] = [0, 0, 0, 0];
  const total = elements * 2;
  for await (const { values, at } of pieces(tensor, elements, signal)) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
      if (value === 0) zeros++;
      count++;
      const before = value - mean;
      mean += before / count;
      squares += before * (value - mean);
    }
    report({ stage: "statistics", item: tensor.name, done: at + values.length, total, unit: "steps" });
  }
  const histogram = Array.from({ length: steps }, () => 0);
  const scale = maximum > minimum ? steps / (maximum - minimum) : 0;
  for await (const { values, at } of pieces(tensor, elements, signal)) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      const step = Math.min(steps - 1, Math.floor((value - minimum) * scale));
      histogram[step] = (histogram[step] ?? 0) + 1;
    }
    report({ stage: "statistics", item: tensor.name, done: elements + at + values.length, total, unit: "steps" });
  }
  return {
    elements,
    minimum: count === 0 ? Number.NaN : minimum,
    maximum: count === 0 ? Number.NaN : maximum,
    mean: count === 0 ? Number.NaN : mean,
    deviation: count === 0 ? Number.NaN : Math.sqrt(squares / count),
    zeros,
    notFinite: elements - count,
    histogram,
  };
}

async function* pieces(
  tensor: LazyTensor,
  elements: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly values: Float64Array; readonly at: number }> {
  for (let at = 0; at < elements; at += pieceElements) {
    yield { values: await readFloats(tensor, { start: at, count: Math.min(pieceElements, elements - at), signal }), at };
  }
}
