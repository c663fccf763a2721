import { LongspanError } from "../errors/longspan-error.ts";
import type { Graph } from "../graph/graph.ts";
import { fitGraph } from "../runtime/fit-graph.ts";
import { referenceRuntime } from "../runtime/reference-runtime.ts";
import type { Runtime, Session, SessionInputs, Weights } from "../runtime/runtime.ts";
import type { DataType } from "../tensor/data-type.ts";
import { longformerCaseGraph, longformerCaseInputs, longformerCases, seededWeights } from "./longformer-cases.ts";
import { operationCaseGraph, type OperationCase } from "./operation-case.ts";
import { operationCases } from "./operation-cases.ts";
import { testRuntimeContract } from "./test-runtime-contract.ts";
import { tensorDifference, type Tolerance } from "./tensor-difference.ts";
import type { TestKit } from "./test-kit.ts";

/** How a runtime is tested. */
export interface TestRuntimeOptions {
  /** Passed to `prepare`. Default: the runtime's own. */
  readonly dataType?: DataType | undefined;
  /** How far sums may be off, where the cases' own tolerance is narrower: for narrow data types. */
  readonly tolerance?: Tolerance | undefined;
  /** More cases, say of the runtime's own operations. */
  readonly cases?: readonly OperationCase[] | undefined;
}

/** Whole models: errors of three layers, on values that layer normalization keeps around 1. */
const modelTolerance: Tolerance = { absolute: 3e-5, relative: 3e-5 };

/**
 * Holds a runtime to the contract and to the operations' meaning: each operation on its own, `longformerAttention` lowered to basic ones,
 * whole tiny Longformers against the reference runtime, and what a session owes its caller. What a runtime does not declare in
 * `capabilities`, it has to refuse: that is then what the test asks. Runs under vitest, Jest or Bun: pass their functions.
 *
 *     testRuntime({ describe, test, expect }, () => webgpu());
 */
export function testRuntime(kit: TestKit, createRuntime: () => Runtime | Promise<Runtime>, options: TestRuntimeOptions = {}): void {
  const { describe, test, expect } = kit;
  let created: Promise<Runtime> | undefined;
  const runtime = (): Promise<Runtime> => (created ??= Promise.resolve(createRuntime()));

  /** Runs a graph and compares every output with the reference runtime's, or sees it refused when a capability is lacking. */
  const compare = async (graph: Graph, weights: Weights, inputs: SessionInputs, own: Tolerance): Promise<void> => {
    const tested = await runtime();
    const refusal = refusalOf(graph, tested);
    const preparing = tested.prepare(graph, weights, { dataType: options.dataType });
    if (refusal !== undefined) {
      const found = await preparing.then(disposed, (error: unknown) => error);
      expect(LongspanError.isInstance(found) ? found.code : found).toBe(refusal);
      return;
    }
    const session = await preparing;
    const truth = await (await referenceRuntime().prepare(graph, weights)).run(inputs);
    const actual = await session.run(inputs).finally(() => session.dispose());
    const tolerance = widerTolerance(own, options.tolerance);
    for (const [name, expected] of Object.entries(truth))
      expect({ [name]: tensorDifference(actual[name], expected, tolerance) }).toEqual({ [name]: undefined });
  };

  describe("operations", () => {
    for (const operationCase of [...operationCases, ...(options.cases ?? [])]) {
      test(`${operationCase.operation.name}: ${operationCase.name}`, async () => {
        const { graph, weights, inputs } = operationCaseGraph(operationCase);
        await compare(graph, weights, inputs, operationCase.tolerance);
      });
    }
  });

  describe("longformerAttention in basic operations", () => {
    for (const operationCase of operationCases.filter(({ operation }) => operation.name === "longformerAttention")) {
      test(operationCase.name, async () => {
        const { graph, weights, inputs } = operationCaseGraph(operationCase);
        await compare(loweredAttention(graph), weights, inputs, operationCase.tolerance);
      });
    }
  });

  describe("Longformers", () => {
    for (const longformerCase of longformerCases) {
      for (const attentions of [false, true]) {
        test(`${longformerCase.name}${attentions ? ", with attention probabilities" : ""}`, async () => {
          const graph = longformerCaseGraph(longformerCase, { attentions });
          await compare(graph, seededWeights(graph), longformerCaseInputs(longformerCase), modelTolerance);
        });
      }
    }
  });

  testRuntimeContract(kit, runtime, { dataType: options.dataType, tolerance: widerTolerance(modelTolerance, options.tolerance) });
}

async function disposed(session: Session): Promise<string> {
  await session.dispose();
  return "it was prepared";
}

/** The error code with which a runtime of these capabilities has to refuse a graph, if it has to. */
function refusalOf(graph: Graph, runtime: Runtime): string | undefined {
  try {
    fitGraph(graph, runtime);
    return undefined;
  } catch (error) {
    if (LongspanError.isInstance(error)) return error.code;
    throw error;
  }
}

function loweredAttention(graph: Graph): Graph {
  const { capabilities } = referenceRuntime();
  const operations = capabilities.operations.filter((name) => name !== "longformerAttention");
  return fitGraph(graph, { name: "lowered", capabilities: { ...capabilities, operations } });
}

/** A narrow data type rounds what is only moved, too. */
function widerTolerance(own: Tolerance, given: Tolerance | undefined): Tolerance {
  if (given === undefined) return own;
  return { absolute: Math.max(own.absolute, given.absolute), relative: Math.max(own.relative, given.relative) };
}
