import type { DataType, Tensor } from "@longspan/core";
import { longformerGraph, lowerTo, standardOperations } from "@longspan/core/graph";
import { prepareInputs, type Runtime } from "@longspan/core/runtime";
import type { ForwardCase, ForwardEntry } from "./forward-cases.ts";

type Outputs = Readonly<Record<string, Tensor>>;

const basicOperations = [...standardOperations.keys()].filter((name) => name !== "longformerAttention");

export interface RunForwardOptions {
  /** Run the attention in basic operations. */
  readonly lowered?: boolean;
  readonly dataType?: DataType;
}

/** What a runtime gives for a case: as written, or with the attention in basic operations. */
export async function runForwardCase(
  runtime: Runtime,
  { head, outputs }: ForwardEntry,
  { config, weights, inputs }: ForwardCase,
  { lowered = false, dataType }: RunForwardOptions = {},
): Promise<Outputs> {
  const graph = longformerGraph(config, head, {
    hiddenStates: outputs.some((name) => name.startsWith("hidden_states.")),
    attentions: outputs.some((name) => name.startsWith("attentions.")),
    words: "inputs_embeds" in inputs ? "inputs_embeds" : "input_ids",
  });
  const run = lowered ? lowerTo(graph, basicOperations, { runtime: "basic" }) : graph;
  const session = await runtime.prepare(run, weights, { dataType });
  return session.run(prepareInputs(config, head, inputs)).finally(() => session.dispose());
}

/** The recorded outputs, in the form in which ours can be compared with them. */
export function comparableOutputs({ outputs, inputs }: ForwardCase, actual: Outputs): Outputs {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, recorded]): [string, Tensor] => [
      name,
      name.startsWith("global_attentions.")
        ? withoutTransformersPadding(recorded, actual[name]?.shape[2] ?? 0, inputs.global_attention_mask)
        : recorded,
    ]),
  );
}

/** Infinity where the shapes differ or a number is none. */
export function maxDifference(actual: Tensor | undefined, expected: Tensor): number {
  if (String(actual?.shape) !== String(expected.shape)) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [index, value] of expected.data.entries()) {
    const difference = Math.abs(Number(actual?.data[index]) - Number(value));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  return largest;
}

/**
 * transformers leaves two things in global_attentions that we do not: the padding to the window on the third axis, and a constant in the
 * columns of rows with fewer global tokens than the most.
 */
function withoutTransformersPadding(recorded: Tensor, sequence: number, globals: Tensor | undefined): Tensor {
  const [batch = 0, heads = 0, padded = 0, places = 0] = recorded.shape;
  const data: number[] = [];
  for (let row = 0; row < batch * heads; row++) {
    const flags =
      globals === undefined
        ? []
        : Array.from(globals.data, Number).slice(Math.floor(row / heads) * sequence, (Math.floor(row / heads) + 1) * sequence);
    const count = flags.filter((flag) => flag === 1).length;
    for (let at = row * padded * places; at < (row * padded + sequence) * places; at++)
      data.push(at % places < count ? Number(recorded.data[at]) : 0);
  }
  return { dataType: "float32", shape: [batch, heads, sequence, places], data: Float32Array.from(data) };
}
