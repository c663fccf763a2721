import { describeTree } from "./describe-tree.ts";
import type { TreeValue } from "./tree.ts";

/** What parameters are called; another value of that name stands where a tensor should. */
const parameterName = /(?:^|\.)(?:weight|bias|gamma|beta|kernel|embedding)$/;

/**
 * Why a value of a state dict is no tensor though it stands where one should be, with the way out; undefined for what is none anyway: a
 * module's own extras, and what stands beside a state dict in a training script's file.
 * @param holdsTensor Whether a tensor lies anywhere inside a value: `tensorSearch()`.
 */
export function whyNoTensor(name: string, value: TreeValue, holdsTensor: (value: TreeValue) => boolean): string | undefined {
  if (name.endsWith("_extra_state")) return undefined;
  if (typeof value === "object" && value?.kind === "opaque" && name.includes(".")) {
    return /^numpy\..*(?:_reconstruct|ndarray)$/.test(value.className)
      ? "it is a numpy array: save it as a tensor."
      : `it was made by ${value.className}, which is not known here and never called: load the model with the code that made it, and save plain tensors (of torch: tensor.detach().clone()).`;
  }
  if (parameterName.test(name)) return `it is ${describeTree(value)}, where a tensor is expected: save a tensor.`;
  const isList = typeof value === "object" && value !== null && (value.kind === "list" || value.kind === "tuple");
  return isList && name.includes(".") && holdsTensor(value)
    ? `it is ${describeTree(value)} of tensors: save them under names of their own.`
    : undefined;
}
