import type { LongspanError, TreeOpaque, TreeValue } from "@longspan/core";

/**
 * What stands in the tree for a tensor that could not be made: inert, so that a file with one odd tensor can still be looked
 * at; whoever needs the tensor throws the error.
 */
export interface RefusedTensor extends TreeOpaque {
  readonly reason: string;
  readonly error: LongspanError;
}

export function refusedTensor(className: string, error: LongspanError): RefusedTensor {
  return { kind: "opaque", className, reason: error.message, error };
}

export function isRefusedTensor(value: TreeValue): value is RefusedTensor {
  return typeof value === "object" && value !== null && value.kind === "opaque" && "error" in value;
}
