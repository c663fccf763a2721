import { LongspanError } from "@longspan/core";
import type { GraphTensor } from "@longspan/core/graph";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import { planFiniteCheck } from "../kernels/parts/finite-check.ts";
import type { PlannedOutput, PlannedStep } from "./graph-plan.ts";
import type { TensorTable } from "./tensor-table.ts";

/** The name under which a plan gives out what it found; no output of a graph is called so. */
export const overflowOutput = "\0 beyond float16";

/**
 * Steps that look through the float32 outputs of a plan for what is not a finite number: where kernels pass float16 on to each other, what it
 * cannot hold is not a number from there on (`pack_halves`). They count nothing and copy nothing: one flag an output.
 */
export function planOverflowCheck(
  outputs: readonly PlannedOutput[],
  tensors: TensorTable,
  facts: DeviceFacts,
): { readonly steps: readonly PlannedStep[]; readonly output: PlannedOutput } | undefined {
  const checked = checkedOutputs(outputs);
  if (checked.length === 0) return undefined;
  const flags = tensors.zeros(overflowOutput, checked.length);
  const steps = checked.flatMap(({ root }, at) =>
    planFiniteCheck(tensors.input(root), flags, at, facts).map((dispatch) => ({ node: overflowOutput, dispatch })),
  );
  const output: PlannedOutput = {
    name: overflowOutput,
    dataType: "int32",
    shape: [checked.length],
    source: "work",
    root: overflowOutput,
    byteLength: flags.byteLength,
  };
  return { steps, output };
}

function checkedOutputs(outputs: readonly PlannedOutput[]): readonly PlannedOutput[] {
  return outputs.filter(({ dataType, source }) => dataType === "float32" && source === "work");
}

/**
 * The outputs of a run without what the check found.
 * @throws LongspanError `value-overflow` naming the outputs that have values which are no finite numbers.
 */
export function checkedResults(
  results: Readonly<Record<string, GraphTensor>>,
  outputs: readonly PlannedOutput[],
): Record<string, GraphTensor> {
  const { [overflowOutput]: flags, ...others } = results;
  if (flags === undefined) return others;
  const found = checkedOutputs(outputs).flatMap(({ name }, at) => (Number(flags.data[at]) === 0 ? [] : [name]));
  if (found.length === 0) return others;
  const names = found.map((name) => `"${name}"`).join(", ");
  throw new LongspanError(
    "value-overflow",
    `What the model computes between its layers goes beyond what float16 holds (65504), or its weights or inputs hold no finite numbers: values of ${names} would be no numbers. Prepare the session with precision "float32".`,
    { details: { outputs: found, dataType: "float16" } },
  );
}
