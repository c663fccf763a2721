import { type Head, isHead, type LongformerConfig, type Tensor } from "@longspan/core";
import { parseLongformerConfig } from "@longspan/core/adapter";
import { memoryWeights, type Weights } from "@longspan/core/runtime";
import { readJsonFixture } from "./read-fixture.ts";
import { readSafetensors } from "./read-safetensors.ts";

/** An entry of fixtures/forward/cases.json: see fixtures/make_forward.py. */
export interface ForwardEntry {
  readonly name: string;
  readonly description: string;
  readonly model: string;
  readonly head: Head;
  readonly file: string;
  readonly outputs: readonly string[];
  /** Largest absolute difference to allow from the float32 outputs. */
  readonly tolerance: number;
  /** How far transformers' own float32 is from its float64. */
  readonly float32Error: number;
}

/** What transformers was given and gave, and the model it ran. */
export interface ForwardCase {
  readonly config: LongformerConfig;
  /** Canonical. */
  readonly weights: Weights;
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** What the head filled in by itself. */
  readonly filled: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Some of the outputs again, in float64 throughout. */
  readonly reference: Readonly<Record<string, Tensor>>;
}

export async function forwardEntries(): Promise<readonly ForwardEntry[]> {
  const { cases } = (await readJsonFixture("forward/cases.json")) as { readonly cases: readonly ForwardEntry[] };
  for (const { name, head } of cases) if (!isHead(head)) throw new Error(`case ${name} has the head ${String(head)}`);
  return cases;
}

export async function loadForwardCase({ model, file }: ForwardEntry): Promise<ForwardCase> {
  const tensors = await readSafetensors(file);
  const named = (prefix: string): Readonly<Record<string, Tensor>> =>
    Object.fromEntries(
      [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  const parameters = await readSafetensors(`${model}/model.safetensors`);
  return {
    config: parseLongformerConfig(await readJsonFixture(`${model}/config.json`)).config,
    weights: memoryWeights(Object.fromEntries([...parameters].map(([name, tensor]) => [name.replace(/^longformer\./, ""), tensor]))),
    inputs: named("inputs."),
    filled: named("filled."),
    outputs: named("outputs."),
    reference: named("reference."),
  };
}
