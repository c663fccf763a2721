import type { MemoryRequest } from "./place-tensors.ts";
import type { PlannedOutput, PlannedStep } from "./graph-plan.ts";
import type { TensorTable } from "./tensor-table.ts";

export interface MemoryUsage {
  readonly requests: readonly MemoryRequest[];
  readonly apart: ReadonlyMap<string, ReadonlySet<string>>;
}

/** From when to when each tensor is used, and which are read and written by one dispatch; a step is a dispatch. */
export function memoryUsage(steps: readonly PlannedStep[], outputs: readonly PlannedOutput[], tensors: TensorTable): MemoryUsage {
  const spans = new Map<string, { first: number; last: number }>();
  const apart = new Map<string, Set<string>>();
  const use = (name: string, at: number): void => {
    const span = spans.get(name);
    if (span === undefined) spans.set(name, { first: at, last: at });
    else span.last = at;
  };
  const separate = (one: string, other: string): void => {
    apart.set(one, (apart.get(one) ?? new Set()).add(other));
  };
  for (const [at, { node, dispatch }] of steps.entries()) {
    const named = dispatch.operands.map(({ tensor }, index) => ({
      name: tensors.rootOf(tensor.name),
      access: dispatch.kernel.access[index],
    }));
    for (const { name } of named) use(name, at);
    for (const { name: written } of named.filter(({ access }) => access === "write")) {
      for (const { name: read } of named.filter(({ access }) => access === "read")) {
        if (read === written) throw new Error(`The dispatch of ${dispatch.kernel.name} for ${node} reads ${read} while it writes it.`);
        separate(read, written);
        separate(written, read);
      }
    }
  }
  for (const { root, source } of outputs) if (source === "work") use(root, steps.length);
  const requests = [...spans].map(([name, span]) => ({ name, byteLength: tensors.byteLengthOf(name), ...span }));
  return { requests, apart };
}
