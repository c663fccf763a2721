import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { causeOf } from "../bytes/file-tracker.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { ProgressListener } from "../accounting/progress.ts";
import { formatShape, sameShape } from "../graph/dimension.ts";
import type { Graph, GraphParameter } from "../graph/graph.ts";
import { readFloats } from "../graph/raw-tensor.ts";
import { isFloatingPoint } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { Weights } from "./runtime.ts";

/** A parameter of a graph with its values. */
export interface ReadParameter {
  readonly parameter: GraphParameter;
  /** float32, C order, all finite; the caller's own. */
  readonly data: Float32Array;
}

/**
 * The parameters of a graph, read one after the other and widened (or rounded, from float64) to float32. All names, shapes and data types
 * are checked before the first is read.
 * @throws LongspanError `weights-mismatch` naming everything that is missing or does not fit; `weights-not-finite`; `source-changed` after
 * the last, when the files were changed meanwhile; `aborted`.
 */
export async function* readParameters(
  graph: Graph,
  weights: Weights,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ProgressListener | undefined } = {},
): AsyncGenerator<ReadParameter> {
  const bound = bindParameters(graph, weights);
  const checkUnchanged = async (): Promise<void> => weights.checkUnchanged?.({ signal: options.signal });
  for (const [index, { parameter, tensor }] of bound.entries()) {
    throwIfAborted(options.signal);
    let data: Float32Array;
    try {
      ({ data } = readFloats(parameter.name, await tensor.read({ signal: options.signal }), parameter.shape.map(String)));
      checkFinite(parameter.name, data);
    } catch (error) {
      throw await causeOf(error, { checkUnchanged });
    }
    yield { parameter, data };
    options.onProgress?.({ stage: "prepare", item: parameter.name, done: index + 1, total: bound.length, unit: "tensors" });
  }
  await checkUnchanged();
}

function bindParameters(graph: Graph, weights: Weights): readonly { parameter: GraphParameter; tensor: LazyTensor }[] {
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

function checkFinite(name: string, data: Float32Array): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  throw new LongspanError(
    "weights-not-finite",
    `The weight "${name}" holds ${data[at]} at element ${at}: every output would be wrong. The checkpoint is damaged, or its training diverged.`,
    {
      details: { tensor: name, element: at },
    },
  );
}
