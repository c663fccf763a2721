import { type Checkpoint, type Converter, createConverter, type Head, isHead, type OpenOptions, type Tensor } from "@longspan/core";
import { longformerGraph } from "@longspan/core/graph";
import { prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import { directoryFileSet } from "@longspan/core/node";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { tensorflow } from "@longspan/adapter-tensorflow";
import { torch } from "@longspan/adapter-torch";
import { fileURLToPath } from "node:url";
import { maxDifference } from "../forward-parity.ts";
import { readJsonFixture } from "../read-fixture.ts";
import { readSafetensors } from "../read-safetensors.ts";

/** See fixtures/make_roberta.py. */
export interface RecordedCase {
  readonly model: string;
  readonly head: Head;
  readonly case: string;
  readonly file: string;
  readonly outputs: readonly string[];
}

export const converter: Converter = createConverter({ adapters: [torch(), paddle(), lightning(), tensorflow()] });

export async function recordedCases(group: "grafts" | "plain" | "extended"): Promise<readonly RecordedCase[]> {
  const { cases } = (await readJsonFixture("roberta/cases.json")) as { readonly cases: readonly RecordedCase[] };
  for (const { head } of cases) if (!isHead(head)) throw new Error(`a case has the head ${String(head)}`);
  return cases.filter(({ model }) => model.startsWith(`${group}/`));
}

/** A folder of fixtures/roberta. */
export async function openRoberta(folder: string, options: Omit<OpenOptions, "adapters"> = {}): Promise<Checkpoint> {
  return converter.open({ files: directoryFileSet(fileURLToPath(new URL(`../../fixtures/roberta/${folder}`, import.meta.url))) }, options);
}

type Tensors = Readonly<Record<string, Tensor>>;

/** What torch was given in a case, and what it gave. */
export async function recorded(file: string, name: string): Promise<{ readonly inputs: Tensors; readonly outputs: Tensors }> {
  const tensors = await readSafetensors(file);
  const named = (kind: string): Tensors => {
    const prefix = `${name}.${kind}.`;
    return Object.fromEntries(
      [...tensors].flatMap(([key, tensor]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), tensor]] : [])),
    );
  };
  return { inputs: named("inputs"), outputs: named("outputs") };
}

/** The largest difference of each output that torch recorded, on the reference runtime: at all tokens, or at those of a mask `[batch, sequence]`. */
export async function differences(
  checkpoint: Checkpoint,
  inputs: Tensors,
  outputs: Tensors,
  tokens?: Tensor,
): Promise<Readonly<Record<string, number>>> {
  const { config, head } = checkpoint;
  if (checkpoint.problem !== undefined || config === null || head === null) throw checkpoint.problem ?? new Error("no model");
  const graph = longformerGraph(config, head, { hiddenStates: Object.keys(outputs).some((name) => name.startsWith("hidden_states.")) });
  const session = await referenceRuntime().prepare(graph, checkpoint.weights());
  const found = await session.run(prepareInputs(config, head, inputs)).finally(() => session.dispose());
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => {
      const actual = found[name];
      return [name, maxDifference(actual === undefined ? actual : atTokens(actual, tokens), atTokens(tensor, tokens))];
    }),
  );
}

/** `[batch, sequence, …]` with zeros where the mask has them. */
function atTokens(tensor: Tensor, tokens: Tensor | undefined): Tensor {
  if (tokens === undefined) return tensor;
  const each = tensor.data.length / tokens.data.length;
  const data = new Float32Array(tensor.data.length);
  for (const [index, value] of tensor.data.entries()) if (Number(tokens.data[Math.floor(index / each)]) !== 0) data[index] = Number(value);
  return { dataType: "float32", shape: tensor.shape, data };
}
