import {
  anyNodeOf,
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

type ValueOf = (name: string) => Value | undefined;

/**
 * Puts one operation, with the root's attributes, in the place of patterns, where that is legal: values that broadcast stay apart. Patterns name values as
 * the operation its operands, or `order` puts them into its order.
 */
function fuseInto(
  operation: Operation,
  patterns: () => readonly NodePattern[],
  order: (valueOf: ValueOf) => readonly (Value | undefined)[] = (valueOf) => operation.operands.map(({ name }) => valueOf(name)),
): Pass {
  return rewritePass(`fuse into ${operation.name}`, () =>
    patterns().map((pattern) => ({
      pattern,
      rewrite(builder, { root, values }) {
        const inputs = order((name) => values.get(name)).filter((value) => value !== undefined);
        return operation.check(inputs, root.attributes) === undefined ? builder.node(operation, inputs, root.attributes) : undefined;
      },
    })),
  );
}

const fuseLinearActivation: Pass = /*#__PURE__*/ fuseInto(linearActivation, () => [nodeOf("activation", [anyNodeOf(operations.linear)])]);

const fuseLinearAdd: Pass = /*#__PURE__*/ fuseInto(linearAdd, () => sumsOf(anyNodeOf(operations.linear), anyValue("addend")));

const fuseLinearAddNormalization: Pass = /*#__PURE__*/ fuseInto(linearAddNormalization, () => [normalizationOf(anyNodeOf(linearAdd))]);

const fuseAddNormalization: Pass = /*#__PURE__*/ fuseInto(addNormalization, () => [normalizationOf(anyNodeOf(operations.add))]);

/** The sum does not mind the order of its rows; the operation's kernels do: they expect the largest table first. */
const fuseEmbeddingNormalization: Pass = /*#__PURE__*/ fuseInto(
  embeddingNormalization,
  () => {
    const rowsOf = (at: number): NodePattern => nodeOf("embedding", [anyValue(`ids ${at}`), anyValue(`table ${at}`)]);
    return sumsOf(nodeOf("add", [rowsOf(0), rowsOf(1)]), rowsOf(2)).map(normalizationOf);
  },
  (valueOf) => {
    const rows = (at: number): number => Number(valueOf(`table ${at}`)?.shape[0]);
    const order = [0, 1, 2].toSorted((left, right) => rows(right) - rows(left));
    const inOrder = (kind: string): readonly (Value | undefined)[] => order.map((at) => valueOf(`${kind} ${at}`));
    return [...inOrder("ids"), ...inOrder("table"), valueOf("scale"), valueOf("shift")];
  },
);

/** Query, key and value of one x, where their weights and biases are parameters that nothing else uses. */
const fuseProjections: Pass = /*#__PURE__*/ rewritePass("fuse-projections", (graph) => {
  const { uses } = indexGraph(graph);
  const parameters = new Set(graph.parameters.map(({ name }) => name));
  const layers = [0, 1, 2].map((at) => nodeOf("linear", [anyValue("x"), anyValue(`weight ${at}`), anyValue(`bias ${at}`)]));
  const attention: Operation = operations.longformerAttention;
  const others = attention.operands.slice(layers.length).map(({ name }) => name);
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
