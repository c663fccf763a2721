import {
  anyValue,
  eliminateDeadNodes,
  fuseLinearBias,
  type Graph,
  mergeDuplicates,
  nodeOf,
  type NodePattern,
  type Operation,
  type Pass,
  type Pattern,
  removeIdentities,
  rewritePass,
  type RewriteRule,
  runPasses,
  type Value,
} from "@longspan/core/graph";
import { addNormalization } from "./add-normalization.ts";
import { embeddingNormalization } from "./embedding-normalization.ts";
import { gpuOperations } from "./fused-operations.ts";
import { linearActivation } from "./linear-activation.ts";
import { linearAdd } from "./linear-add.ts";

/**
 * Puts one operation, with the root's attributes, in the place of a pattern, where that is legal: values that broadcast stay apart.
 * `operands` names the pattern's values in the operation's order, or orders them itself.
 */
function fuseInto(operation: Operation, pattern: NodePattern, operands: readonly string[] | OrderOperands): RewriteRule {
  const order: OrderOperands = typeof operands === "function" ? operands : (valueOf) => operands.map(valueOf);
  return {
    pattern,
    rewrite(builder, { root, values }) {
      const inputs = order((name) => values.get(name)).filter((value) => value !== undefined);
      return operation.check(inputs, root.attributes) === undefined ? builder.node(operation, inputs, root.attributes) : undefined;
    },
  };
}

type OrderOperands = (valueOf: (name: string) => Value | undefined) => readonly (Value | undefined)[];

const linear = /*#__PURE__*/ nodeOf("linear", ["x", "weight", "bias"].map(anyValue));

const fuseLinearActivation: Pass = /*#__PURE__*/ rewritePass("fuse-linear-activation", () => [
  fuseInto(linearActivation, nodeOf("activation", [linear]), ["x", "weight", "bias"]),
]);

const fuseLinearAdd: Pass = /*#__PURE__*/ rewritePass("fuse-linear-add", () =>
  sumsOf(linear, anyValue("addend")).map((sum) => fuseInto(linearAdd, sum, ["x", "weight", "bias", "addend"])),
);

const fuseAddNormalization: Pass = /*#__PURE__*/ rewritePass("fuse-add-normalization", () => [
  fuseInto(addNormalization, normalizationOf(nodeOf("add", ["x", "y"].map(anyValue))), ["x", "y", "scale", "shift"]),
]);

/** The sum does not mind the order of its rows; the operation's kernels do: they expect the largest table first. */
const fuseEmbeddingNormalization: Pass = /*#__PURE__*/ rewritePass("fuse-embedding-normalization", () => {
  const [first, second, third] = [0, 1, 2].map((at) => nodeOf("embedding", [anyValue(`ids ${at}`), anyValue(`table ${at}`)]));
  if (first === undefined || second === undefined || third === undefined) return [];
  return sumsOf(nodeOf("add", [first, second]), third).map((sum) =>
    fuseInto(embeddingNormalization, normalizationOf(sum), (valueOf) => {
      const rows = (at: number): number => Number(valueOf(`table ${at}`)?.shape[0]);
      const order = [0, 1, 2].toSorted((left, right) => rows(right) - rows(left));
      const inOrder = (kind: string): readonly (Value | undefined)[] => order.map((at) => valueOf(`${kind} ${at}`));
      return [...inOrder("ids"), ...inOrder("table"), valueOf("scale"), valueOf("shift")];
    }),
  );
});

function sumsOf(left: Pattern, right: Pattern): readonly NodePattern[] {
  return [nodeOf("add", [left, right]), nodeOf("add", [right, left])];
}

function normalizationOf(x: Pattern): NodePattern {
  return nodeOf("layerNormalization", [x, anyValue("scale"), anyValue("shift")]);
}

/**
 * The graph in fewer, larger steps, `gpuOperations`. What another node uses, or the graph gives out, stays a value of its own.
 *
 * A residual connection goes into the linear layer before it rather than into the normalization behind it: multiplying matrices leaves the
 * memory idle, normalizing does not.
 * @throws LongspanError `graph-invalid`.
 */
export function fuseForGpu(graph: Graph): Graph {
  return runPasses(
    graph,
    [
      removeIdentities,
      mergeDuplicates,
      eliminateDeadNodes,
      fuseLinearBias,
      fuseLinearActivation,
      fuseLinearAdd,
      fuseEmbeddingNormalization,
      fuseAddNormalization,
    ],
    gpuOperations,
  );
}
