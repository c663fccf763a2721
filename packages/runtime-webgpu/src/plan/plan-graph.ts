import { evaluateShape, type Graph, type Value } from "@longspan/core/graph";
import { required } from "../kernel/required.ts";
import type { DeviceTensor } from "../kernel/kernel.ts";
import type { PlanContext } from "../kernel/operation-kernels.ts";
import { checkDispatch } from "./check-dispatch.ts";
import type { GraphPlan, PlannedOutput, PlannedStep } from "./graph-plan.ts";
import { memoryUsage } from "./memory-usage.ts";
import { planOverflowCheck } from "./overflow-check.ts";
import { placeReadback } from "./place-readback.ts";
import { placeTensors, type MemoryRequest } from "./place-tensors.ts";
import type { PlacedNode, SplitGraph } from "./split-graph.ts";
import { TensorTable, type TensorTableOptions } from "./tensor-table.ts";

export interface PlanRequest extends Omit<TensorTableOptions, "halved"> {
  readonly split: SplitGraph;
}

const nothingApart: ReadonlyMap<string, ReadonlySet<string>> = /*#__PURE__*/ new Map();

/**
 * Plans a graph for one set of sizes.
 * @throws LongspanError `device-limit` naming the tensor that is too large for the device.
 */
export function planGraph({ split, ...given }: PlanRequest): GraphPlan {
  const { graph } = split;
  const { facts, parameters, hostValues } = given;
  const tensors = new TensorTable({ ...given, halved: split.halved });
  const steps: PlannedStep[] = [];
  for (const placed of split.nodes) {
    const { node } = placed;
    if (placed.place === "device") {
      const inputs = node.inputs.map((name) => tensors.input(name));
      const outputs =
        placed.kernels.joinsOutputs === true ? tensors.joinedOutputs(node.outputs) : node.outputs.map((output) => tensors.output(output));
      steps.push(...stepsOf(placed, inputs, outputs, tensors.contextOf(node)));
    }
    if (placed.place === "alias") for (const output of node.outputs) tensors.alias(output, node.inputs[0] ?? "");
  }
  for (const { value } of graph.outputs) if (!hostValues.has(tensors.rootOf(value))) tensors.input(value);

  const computed = outputsOf(graph, tensors, given);
  const narrows = split.halved.size > 0 || steps.some(({ dispatch }) => dispatch.kernel.narrows === true);
  const check = narrows ? planOverflowCheck(computed, tensors, facts) : undefined;
  steps.push(...(check?.steps ?? []));
  const outputs = check === undefined ? computed : [...computed, check.output];
  const usage = memoryUsage(steps, outputs, tensors);
  const isUpload = ({ name }: MemoryRequest): boolean => tensors.uploads.has(name);
  const maxBytes = facts.limits.maxBufferSize;
  return {
    steps,
    roots: tensors.roots,
    uploads: [...tensors.uploads.values()].filter(({ name }) => usage.requests.some((request) => request.name === name)),
    uploaded: placeTensors(
      usage.requests.filter(isUpload).map((request) => ({ ...request, first: -1 })),
      nothingApart,
      maxBytes,
    ),
    work: placeTensors(
      usage.requests.filter((request) => !isUpload(request) && !parameters.has(request.name)),
      usage.apart,
      maxBytes,
    ),
    outputs,
    readback: placeReadback(outputs),
  };
}

function stepsOf(
  { node, kernels }: Extract<PlacedNode, { place: "device" }>,
  inputs: readonly DeviceTensor[],
  outputs: readonly DeviceTensor[],
  context: PlanContext,
): readonly PlannedStep[] {
  if (outputs.every(({ shape }) => shape.includes(0))) return [];
  const name = node.outputs[0]?.name ?? node.operation;
  const dispatches = kernels.plan({ name, operation: node.operation, attributes: node.attributes, inputs, outputs }, context);
  for (const dispatch of dispatches) checkDispatch(name, dispatch, context.facts);
  return dispatches.map((dispatch) => ({ node: name, dispatch }));
}

function outputsOf(
  graph: Graph,
  tensors: TensorTable,
  { hostValues, parameters, dimensions }: Omit<TensorTableOptions, "halved">,
): readonly PlannedOutput[] {
  const types = new Map<string, Value>(
    [...graph.inputs, ...graph.parameters, ...graph.nodes.flatMap((node) => node.outputs)].map((value) => [value.name, value]),
  );
  return graph.outputs.map(({ name, value }) => {
    const type = required(types.get(value), value);
    const root = tensors.rootOf(value);
    const shape = evaluateShape(type.shape, dimensions);
    const source = hostValues.has(root) ? "host" : shape.includes(0) ? "none" : parameters.has(root) ? "parameter" : "work";
    return { name, dataType: type.dataType, shape, source, root, byteLength: tensors.byteLengthOf(value) };
  });
}
