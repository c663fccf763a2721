import { type Attributes, type DimensionBindings, evaluateDimension, evaluateShape, type GraphTensor } from "@longspan/core/graph";
import { type OperationCase, operationCaseGraph, operationCases, tensorDifference } from "@longspan/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runOperation } from "../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../testing/test-device.ts";
import { elementaryKernels } from "./elementary.ts";
import { chooseTiling } from "./linear/linear-tuning.ts";
import { otherKernels } from "./other-kernels.ts";

const kernels = new Map([...elementaryKernels(), ...otherKernels(chooseTiling(undefined))].map((own) => [own.operation, own]));

/** Attributes with the numbers of symbols put in: `runOperation` knows none. */
function withoutSymbols(attributes: Attributes, dimensions: DimensionBindings): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => {
      if (["start", "end", "before", "after"].includes(name) && typeof value === "string")
        return [name, evaluateDimension(value, dimensions)];
      if (name === "shape" && Array.isArray(value)) return [name, evaluateShape(value, dimensions)];
      return [name, value];
    }),
  );
}

async function tensorsOf(operationCase: OperationCase): Promise<readonly GraphTensor[]> {
  const { inputs, weights, graph } = operationCaseGraph(operationCase);
  const names = graph.nodes[0]?.inputs ?? [];
  const tensors: GraphTensor[] = [];
  for (const name of names) {
    const given = inputs[name];
    const weight = weights.get(name);
    if (given !== undefined) tensors.push(given);
    else if (weight !== undefined) tensors.push((await weight.read()) as GraphTensor);
  }
  return tensors;
}

/** Kernels that go by more of a device than its limits have tests of their own on each kind of it. */
describe("on a GPU with no more than WebGPU guarantees", () => {
  let device: TestDevice;
  beforeAll(async () => {
    const least = await testDevice({ features: [], limits: "default" });
    device = { ...least, facts: { ...least.facts, kind: "gpu" } };
  });
  afterAll(() => device.device.destroy());

  for (const operationCase of operationCases) {
    const own = kernels.get(operationCase.operation.name);
    if (own === undefined) continue;
    test(`${operationCase.operation.name}: ${operationCase.name}`, async () => {
      const dimensions = new Map(Object.entries(operationCase.dimensions));
      const attributes = withoutSymbols(operationCase.attributes, dimensions);
      const inputs = await tensorsOf(operationCase);
      const [expected] = operationCase.operation.evaluate(inputs, attributes, dimensions);
      if (expected === undefined) throw new Error("the operation gave nothing");
      const [actual] = await runOperation(device, own, inputs, { attributes });
      expect(tensorDifference(actual, expected, operationCase.tolerance)).toBe(undefined);
    });
  }
});
