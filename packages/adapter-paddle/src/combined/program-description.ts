import type { MemoryBudget } from "@longspan/core/adapter";
import { parseDimensions } from "./tensor-description.ts";
import { bytesFields, integerField, wireFields } from "./wire-format.ts";

/** A parameter as a program declares it. */
export interface DeclaredParameter {
  readonly name: string;
  /** Undefined where the program does not say; -1 for a dimension it leaves open. */
  readonly shape: readonly number[] | undefined;
}

/** `VarType.Type`s that are persistable and hold no values: FEED_MINIBATCH, FETCH_LIST, READER, RAW. */
const withoutValues = new Set([9n, 10n, 15n, 17n]);

/**
 * The persistable variables of a `.pdmodel`, a serialized `ProgramDesc` (paddle/fluid/framework/framework.proto): blocks (1) → vars (3) → VarDesc { name 1, type 2,
 * persistable 3 }, VarType { type 1, lod_tensor 3 → tensor 1 → TensorDesc }.
 *
 * @returns undefined when the bytes are no such message
 */
export function parseProgramDescription(bytes: Uint8Array, budget: MemoryBudget): DeclaredParameter[] | undefined {
  const program = wireFields(bytes, budget);
  if (program === undefined) return undefined;
  const parameters: DeclaredParameter[] = [];
  for (const block of bytesFields(program, 1)) {
    const fields = wireFields(block, budget);
    if (fields === undefined) return undefined;
    for (const variable of bytesFields(fields, 3)) {
      const parameter = parseVariable(variable, budget);
      if (parameter === undefined) return undefined;
      if (parameter !== "other") parameters.push(parameter);
    }
  }
  return parameters;
}

function parseVariable(bytes: Uint8Array, budget: MemoryBudget): DeclaredParameter | "other" | undefined {
  const fields = wireFields(bytes, budget);
  if (fields === undefined) return undefined;
  const [name] = bytesFields(fields, 1);
  const [type] = bytesFields(fields, 2);
  const typeFields = type && wireFields(type);
  if (name === undefined || typeFields === undefined) return undefined;
  if ((integerField(fields, 3) ?? 0n) === 0n || withoutValues.has(integerField(typeFields, 1) ?? -1n)) return "other";
  const [holder] = bytesFields(typeFields, 3);
  const [tensor] = holder === undefined ? [] : bytesFields(wireFields(holder) ?? [], 1);
  return { name: new TextDecoder().decode(name), shape: tensor && parseDimensions(tensor) };
}
