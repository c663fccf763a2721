import { elementCount } from "@longspan/core";
import { dimensionSymbols, evaluateShape, type Graph, type GraphInput, type GraphTensor } from "@longspan/core/graph";

/** Inputs of a run that nobody asked for. */
export interface TypicalRun {
  readonly inputs: ReadonlyMap<string, GraphTensor>;
  readonly dimensions: Map<string, number>;
}

export interface TypicalRunOptions {
  /** Whether masks are also set for the first few tokens alone. Default: false. */
  readonly few?: boolean | undefined;
}

/** Few tokens, a page, a chapter: kernels choose their tilings by such sizes. */
const lengths = [16, 512, 4096];

/** How an input with a range is filled: nothing set, the first element of each row, the first few (a question's tokens), or all. */
const fillings = { none: 0, first: 1, few: 16, all: Number.POSITIVE_INFINITY } as const;
type Filling = keyof typeof fillings;

/**
 * Inputs like those that will come, so that kernels can be planned, and compiled, before the first run: one row of each length (the last
 * symbol of the inputs that have several), with masks (the inputs with a range) that are full, but for one that is empty or set for the first token only; with
 * `few`, also for the first few.
 */
export function typicalRuns(graph: Graph, { few = false }: TypicalRunOptions = {}): readonly TypicalRun[] {
  const varied = graph.inputs.filter(({ range }) => range !== undefined);
  const allFull: ReadonlyMap<string, Filling> = new Map();
  const others = varied.flatMap(({ name }) =>
    (few ? (["none", "first", "few"] as const) : (["none", "first"] as const)).map(
      (filling): ReadonlyMap<string, Filling> => new Map([[name, filling]]),
    ),
  );
  const combinations = others.length === 0 ? [allFull] : others;
  const symbols = graph.inputs.map(({ shape }) => shape.flatMap(dimensionSymbols)).filter((found) => found.length > 0);
  const several = symbols.filter((found) => found.length > 1);
  const long = new Set((several.length > 0 ? several : symbols.slice(0, 1)).map((found) => found.at(-1)));
  return lengths.flatMap((length) =>
    combinations.map((chosen) => {
      const dimensions = new Map(symbols.flat().map((symbol) => [symbol, long.has(symbol) ? length : 1]));
      const inputs = new Map(graph.inputs.map((input) => [input.name, fill(input, chosen.get(input.name) ?? "all", dimensions)]));
      return { inputs, dimensions };
    }),
  );
}

function fill({ dataType, shape, range }: GraphInput, filling: Filling, dimensions: ReadonlyMap<string, number>): GraphTensor {
  const sizes = evaluateShape(shape, dimensions);
  const elements = elementCount(sizes);
  const row = sizes.at(-1) ?? 1;
  const isSet = (index: number): boolean => index % row < fillings[filling];
  const values = (index: number): number => (range === undefined ? 0 : isSet(index) ? range.maximum : range.minimum);
  if (dataType === "float32") return { dataType, shape: sizes, data: new Float32Array(elements) };
  if (dataType === "int32") return { dataType, shape: sizes, data: Int32Array.from({ length: elements }, (_, index) => values(index)) };
  return { dataType, shape: sizes, data: new Uint8Array(elements) };
}
