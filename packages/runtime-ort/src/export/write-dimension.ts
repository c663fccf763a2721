import { type Dimension, type DimensionFactor, type DimensionTerm, dimensionTerms } from "@longspan/core/graph";
import type { OnnxWriter } from "./onnx-writer.ts";

/**
 * Nodes that compute a dimension from its symbols, as an int64 tensor of shape `[1]`: sums of products, and divisions rounded up, each
 * part once. `symbolValue` gives what has the number of a symbol.
 */
export function writeDimension(writer: OnnxWriter, dimension: Dimension, symbolValue: (symbol: string) => string): string {
  if (typeof dimension === "number") return writer.constant("int64", [1], [dimension]);
  const [first, ...others] = dimensionTerms(dimension);
  if (first === undefined) return writer.constant("int64", [1], [0]);
  if (others.length === 0) return product(writer, first, symbolValue);
  // A part that stands for itself is written once for all expressions that have it.
  const part = (term: DimensionTerm): string =>
    term.factors.length === 1 && term.coefficient === 1 ? factor(writer, term.factors[0], symbolValue) : product(writer, term, symbolValue);
  let sum = part(first);
  for (const term of others) {
    const isLess = term.coefficient < 0;
    sum = writer.apply(isLess ? "Sub" : "Add", [sum, part(isLess ? { ...term, coefficient: -term.coefficient } : term)]);
  }
  return sum;
}

function product(writer: OnnxWriter, { coefficient, factors }: DimensionTerm, symbolValue: (symbol: string) => string): string {
  const parts = factors.map((one) => factor(writer, one, symbolValue));
  if (coefficient !== 1 || parts.length === 0) parts.push(writer.constant("int64", [1], [coefficient]));
  return parts.reduce((left, right) => writer.apply("Mul", [left, right]));
}

function factor(writer: OnnxWriter, one: DimensionFactor | undefined, symbolValue: (symbol: string) => string): string {
  if (one === undefined) return writer.constant("int64", [1], [1]);
  if (one.kind === "symbol") return writer.once(`symbol ${one.name}`, () => symbolValue(one.name));
  return writer.once(`ceil(${one.dividend})/${one.divisor}`, () => {
    // Sizes are not negative, so that the integer division rounds down.
    const raised = writer.apply("Add", [writer.dimension(one.dividend), writer.constant("int64", [1], [one.divisor - 1])]);
    return writer.apply("Div", [raised, writer.constant("int64", [1], [one.divisor])]);
  });
}
