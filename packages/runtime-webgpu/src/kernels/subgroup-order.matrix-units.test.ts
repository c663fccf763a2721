import { afterAll, describe, expect, test } from "vitest";
import { elementCount } from "@longspan/core";
import { tensorDifference } from "@longspan/core/testing";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import {
  attentionDifferences,
  attentionResults,
  found,
  risingGlobals,
  risingTolerance,
  risingWindow,
  smallTilings,
} from "../testing/attention-cases.ts";
import { wholeNumbers } from "../testing/matrix-products.ts";
import { deviceWithMatrixUnits } from "../testing/matrix-units.ts";
import { withReversedSubgroups } from "../testing/reversed-subgroups.ts";
import { runOperation } from "../testing/run-operation.ts";
import { jointTiling, sweepTiling } from "./attention/joint-tiling.ts";
import { matrixAttentionTiling } from "./attention/matrix-attention-tiling.ts";
import { linearAdd } from "./linear/linear-add.ts";
import { createProductKernels } from "./linear/product-kernel.ts";
import { matrixTiling } from "./linear/tiling.ts";

const usual = await deviceWithMatrixUnits();
const other = withReversedSubgroups(await deviceWithMatrixUnits());
afterAll(() => [usual, other].forEach(({ device }) => device.destroy()));
const { matrixUnits } = usual;
const shape = found(matrixUnits.shapes[0]);
const setting = { kind: "gpu", matrixUnits } as const;

// Sums that are scaled pass through memory that other subgroups read: the most barriers are there.
describe("values are right in whichever order the subgroups of a workgroup run", () => {
  test("windows whose keys are split among subgroups, values in the memory of the keys", async () => {
    const window = matrixAttentionTiling(shape, 6, 1, 32, 3, true);
    const how = { ...setting, activations: "joined float16", form: "direct", tilings: { window } } as const;
    expect(await attentionDifferences(other, risingWindow(16, 200), how)).toEqual([]);
  });

  // By 12 subgroups of 8: three invocations share a row of a sweep, not all of them of one subgroup.
  const elements = 16;
  test.each([
    jointTiling(shape, 8),
    sweepTiling(shape, { subgroups: 12, keys: 48, elements, staged: false }),
    sweepTiling(shape, { subgroups: 8, keys: 64, elements, staged: true }),
  ])("global attention in one kernel: $name", async (globalJoint) => {
    const how = { ...setting, activations: "float16", form: "reassociated", tilings: { ...smallTilings, globalJoint } } as const;
    const heads = globalJoint.subgroups;
    const { expected, actual, kernels } = await attentionResults(other, { ...risingGlobals, heads }, how);
    expect(kernels).toContain(`global-attention-${globalJoint.name}`);
    expect(tensorDifference(actual[0], found(expected[0]), risingTolerance)).toBeUndefined();
  });

  test("linear layers whose sums go through memory in strips", async () => {
    const tile = { workgroup: [32, 16, 16], subgroup: [8, 16], sumColumns: 8 } as const;
    const tensor = (sizes: readonly number[], factor: number) =>
      ({ dataType: "float32", shape: sizes, data: wholeNumbers(elementCount(sizes), factor) }) as const;
    const inputs = [tensor([50, 40], 5), tensor([36, 40], 7), tensor([36], 3), tensor([50, 36], 11)];
    const kernels = linearAdd(() => matrixTiling(tile, matrixUnits, shape), createProductKernels());
    const how = {
      storages: ["float16", "float16", undefined, "float16"],
      outputStorages: ["float16"],
      outputs: [{ dataType: "float32", shape: [50, 36] }],
    } as const;
    expect(await runOperation(other, kernels, inputs, how)).toEqual(await runOperation(usual, kernels, inputs, how));
  });

  test("a kernel that lacks a barrier shows", async () => {
    const code = `struct Uniforms { unused: vec4<u32> }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> lanes: array<u32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  lanes[lane] = lane + 1u;
  out[lane] = lanes[63u - lane];
}`;
    const mirrored: OperationKernels = {
      operation: "mirrored",
      plan: ({ outputs }) => [
        {
          kernel: { name: "mirrored", access: ["write"], code },
          uniforms: new ArrayBuffer(16),
          operands: outputs.map((tensor) => ({ tensor })),
          workgroups: [1, 1, 1],
          work: { floatingPointOperations: 0, bytes: 0 },
        },
      ],
    };
    const outputs = [{ dataType: "int32", shape: [64] }] as const;
    expect(await runOperation(other, mirrored, [], { outputs })).not.toEqual(await runOperation(usual, mirrored, [], { outputs }));
  });
});
