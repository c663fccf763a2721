import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { causeOf } from "../bytes/file-tracker.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { ProgressListener } from "../accounting/progress.ts";
import { formatShape, sameShape } from "../graph/dimension.ts";
import type { Graph, GraphParameter } from "../graph/graph.ts";
import { floatConversion } from "../tensor/convert-floats.ts";
import { bytesPerElement, elementCount, isFloatingPoint } from "../tensor/data-type.ts";
import { firstNonFinite } from "../tensor/first-non-finite.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { readRange } from "../tensor/read-tensor.ts";
import type { Weights } from "./runtime.ts";

/** A parameter of a graph with its values. */
export interface ReadParameter {
  /** Its name and shape in the graph. */
  readonly parameter: GraphParameter;
  /** float32, C order, all finite; the caller's own. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** Some of a parameter's values: `data` are its elements from `start` on. */
export interface ReadParameterPiece extends ReadParameter {
  /** In elements, in C order. */
  readonly start: number;
}

/** What readers of parameters take. */
interface ReadParametersOptions {
  /** Ends the reading when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each parameter: stage `prepare`. */
  readonly onProgress?: ProgressListener | undefined;
}

/**
 * The parameters of a graph, read one after the other and widened (or rounded, from float64) to float32. All names, shapes and data types
 * are checked before the first is read.
 * @throws LongspanError `argument-invalid` for weights that are no map; `weights-mismatch` naming everything that is missing or does not fit; `weights-not-finite`; `source-changed` after
 * the last, when the files were changed meanwhile; `aborted`.
 */
export async function* readParameters(graph: Graph, weights: Weights, options: ReadParametersOptions = {}): AsyncGenerator<ReadParameter> {
  for await (const { parameter, data } of readParameterPieces(graph, weights, { ...options, maxElements: Infinity }))
    yield { parameter, data };
}

/**
 * The same, each parameter in pieces of at most `maxElements`, from its first element to its last: the largest of them, often a quarter of a
 * model, never lies in memory whole.
 * @throws LongspanError what `readParameters` throws.
 */
export async function* readParameterPieces(
  graph: Graph,
  weights: Weights,
  options: ReadParametersOptions & { readonly maxElements: number },
): AsyncGenerator<ReadParameterPiece> {
  const bound = bindParameters(graph, weights);
  const checkUnchanged = async (): Promise<void> => weights.checkUnchanged?.({ signal: options.signal });
  for (const [index, { parameter, tensor }] of bound.entries()) {
    const elements = elementCount(tensor.shape);
    let start = 0;
    do {
      throwIfAborted(options.signal);
      let data: Float32Array<ArrayBuffer>;
      try {
        data = await readPiece(tensor, start, Math.min(options.maxElements, elements - start), options.signal);
        checkFinite(parameter.name, data, start);
      } catch (error) {
        throw await causeOf(error, { checkUnchanged });
      }
      yield { parameter, start, data };
      start += data.length;
    } while (start < elements);
    options.onProgress?.({ stage: "prepare", item: parameter.name, done: index + 1, total: bound.length, unit: "tensors" });
  }
  await checkUnchanged();
}

async function readPiece(
  tensor: LazyTensor,
  start: number,
  count: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array<ArrayBuffer>> {
  const width = bytesPerElement(tensor.dataType);
  const bytes = await readRange(tensor, start * width, count * width, { signal });
  if (tensor.dataType === "float32") return new Float32Array(bytes.buffer);
  const data = new Float32Array(count);
  floatConversion(tensor.dataType, "float32")(bytes, new Uint8Array(data.buffer));
  return data;
}

function bindParameters(graph: Graph, weights: Weights): readonly { parameter: GraphParameter; tensor: LazyTensor }[] {
  if (typeof (weights as Partial<Weights> | undefined)?.get !== "function")
    throw new LongspanError(
      "argument-invalid",
      `The weights of graph "${graph.name}" are no map of tensors by name. Take those of checkpointModel(checkpoint).`,
    );
  const wrong: string[] = [];
  const bound = graph.parameters.flatMap((parameter) => {
    const tensor = weights.get(parameter.name);
    if (tensor === undefined) wrong.push(`${parameter.name} ${formatShape(parameter.shape)} is missing`);
    else if (!sameShape(tensor.shape, parameter.shape))
      wrong.push(`${parameter.name} is ${formatShape(tensor.shape)} and should be ${formatShape(parameter.shape)}`);
    else if (!isFloatingPoint(tensor.dataType)) wrong.push(`${parameter.name} is ${tensor.dataType} and should be a float type`);
    return tensor === undefined ? [] : [{ parameter, tensor }];
  });
  if (wrong.length === 0) return bound;
  const shown = wrong.slice(0, 8).join("; ") + (wrong.length > 8 ? `; and ${wrong.length - 8} more` : "");
  throw new LongspanError(
    "weights-mismatch",
    `The weights do not fit graph "${graph.name}": ${shown}. Check that the head and the configuration are those of the checkpoint.`,
    {
      details: { graph: graph.name, wrong },
    },
  );
}

function checkFinite(name: string, data: Float32Array, start: number): void {
  const at = firstNonFinite(data);
  if (at === -1) return;
  const element = start + at;
  throw new LongspanError(
    "weights-not-finite",
    `The weight "${name}" holds ${data[at]} at element ${element}: every output would be wrong. The checkpoint is damaged, or its training diverged.`,
    {
      details: { tensor: name, element },
    },
  );
}
