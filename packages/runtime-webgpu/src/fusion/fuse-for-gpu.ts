import {
  anyValue,
  eliminateDeadNodes,
  fuseLinearBias,
  type Graph,
  indexGraph,
  mergeDuplicates,
  nodeOf,
  type NodePattern,
  type Operation,
  operations,
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
import { hostKnown } from "./host-known.ts";
import { linearActivation } from "./linear-activation.ts";
import { linearAddNormalization } from "./linear-add-normalization.ts";
import { linearAdd } from "./linear-add.ts";
import { multiplySum } from "./multiply-sum.ts";
import { tripleLinear } from "./triple-linear.ts";

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

const fuseLinearAddNormalization: Pass = /*#__PURE__*/ rewritePass("fuse-linear-add-normalization", () => {
  const sum = ["x", "weight", "bias", "addend"];
  return [fuseInto(linearAddNormalization, normalizationOf(nodeOf("linearAdd", sum.map(anyValue))), [...sum, "scale", "shift"])];
});

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

/** Query, key and value of one x, where their weights and biases are parameters that nothing else uses. */
const fuseProjections: Pass = /*#__PURE__*/ rewritePass("fuse-projections", (graph) => {
  const { uses } = indexGraph(graph);
  const parameters = new Set(graph.parameters.map(({ name }) => name));
  const layers = [0, 1, 2].map((at) => nodeOf("linear", [anyValue("x"), anyValue(`weight ${at}`), anyValue(`bias ${at}`)]));
  const attention: Operation = operations.longformerAttention;
  const others = ["hidden", "mask", "1", "2", "3", "4", "5", "6"];
  return [
    {
      pattern: nodeOf("longformerAttention", [...layers, ...others.map(anyValue)]),
      rewrite(builder, { root, values }) {
        const named = (name: string): readonly Value[] => [values.get(name)].filter((value) => value !== undefined);
        const own = [0, 1, 2].flatMap((at) => [...named(`weight ${at}`), ...named(`bias ${at}`)]);
        const operands = [...named("x"), ...own];
        const alone = own.every(({ name }) => parameters.has(name) && uses.get(name) === 1);
        if (!alone || tripleLinear.check(operands, {}) !== undefined) return undefined;
        const projected = builder.node(tripleLinear, operands, {}, "projections");
        return builder.node(attention, [...projected, ...others.flatMap(named)], root.attributes, "attention");
      },
    },
  ];
});

/** Of integers that the host computes: what of them depends on weights has kernels of its own. */
const fuseMultiplySum: Pass = /*#__PURE__*/ rewritePass("fuse-multiply-sum", (graph) => {
  const { makers } = indexGraph(graph);
  const known = hostKnown(graph);
  return [
    {
      pattern: nodeOf("multiply", [anyValue("x"), nodeOf("add", [anyValue("y"), anyValue("constant")])]),
      rewrite(builder, { values }) {
        const constant = makers.get(values.get("constant")?.name ?? "");
        const operands = ["x", "y"].flatMap((name) => values.get(name) ?? []);
        if (constant?.operation !== "constant" || !operands.every(({ name }) => known.has(name))) return undefined;
        const [addend, ...others] = constant.attributes.values as readonly number[];
        if (addend === undefined || others.length > 0 || multiplySum.check(operands, { addend }) !== undefined) return undefined;
        return builder.node(multiplySum, operands, { addend });
      },
    },
  ];
});

function sumsOf(left: Pattern, right: Pattern): readonly NodePattern[] {
  return [nodeOf("add", [left, right]), nodeOf("add", [right, left])];
}

function normalizationOf(x: Pattern): NodePattern {
  return nodeOf("layerNormalization", [x, anyValue("scale"), anyValue("shift")]);
}

export interface FuseOptions {
  /** Whether query, key and value of an attention may become one product, of which they are columns. Default: false. */
  readonly joinProjections?: boolean | undefined;
}

/**
 * The graph in fewer, larger steps, `gpuOperations`. What another node uses, or the graph gives out, stays a value of its own.
 *
 * A residual connection goes into the linear layer before it rather than into the normalization behind it: multiplying matrices leaves the
 * memory idle, normalizing does not. The two are one operation all the same, for products that are cut into parts.
 * @throws LongspanError `graph-invalid`.
 */
export function fuseForGpu(graph: Graph, options: FuseOptions = {}): Graph {
  return runPasses(
    graph,
    [
      removeIdentities,
      mergeDuplicates,
      eliminateDeadNodes,
      fuseLinearBias,
      fuseMultiplySum,
      fuseLinearActivation,
      fuseLinearAdd,
      fuseLinearAddNormalization,
      ...(options.joinProjections === true ? [fuseProjections] : []),
      fuseEmbeddingNormalization,
      fuseAddNormalization,
    ],
    gpuOperations,
  );
}
