import { LongspanError } from "@longspan/core";
import { type MemoryBudget, parseJson } from "@longspan/core/adapter";
import type { DeclaredParameter } from "./program-description.ts";

/**
 * The parameters of a Paddle 3 program, the `.json` that `paddle.jit.save` writes: operations `{"#": "p", "A": [0, 1, 1, name], "O": {"TT": {"D": [type, shape, …]}}}` in
 * the blocks of `program.regions`, in no particular order.
 *
 * @returns undefined when the bytes are no such program
 * @throws LongspanError `limit-exceeded`
 */
export function parsePirProgram(bytes: Uint8Array, fileName: string, budget: MemoryBudget): DeclaredParameter[] | undefined {
  let document: unknown;
  try {
    document = parseJson(bytes, { name: fileName, code: "malformed", budget });
  } catch (error) {
    if (LongspanError.isInstance(error) && error.code === "malformed") return undefined;
    throw error;
  }
  if (member(member(document, "base_code"), "magic") !== "pir") return undefined;
  const parameters: DeclaredParameter[] = [];
  for (const region of items(member(member(document, "program"), "regions"))) {
    for (const block of items(member(region, "blocks"))) {
      for (const operation of items(member(block, "ops"))) {
        const name = items(member(operation, "A")).at(-1);
        if (member(operation, "#") !== "p" || typeof name !== "string") continue;
        const shape = items(member(member(member(operation, "O"), "TT"), "D"))[1];
        parameters.push({ name, shape: isNumbers(shape) ? shape : undefined });
      }
    }
  }
  return parameters;
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
