import { afterAll, expect, test } from "vitest";
import { referenceRuntime } from "@longspan/core/runtime";
import { seededNormal, seededWeights, tensorDifference } from "@longspan/core/testing";
import { attentionGraph } from "./testing/attention-graph.ts";
import { deviceWithMatrixUnits } from "./testing/matrix-units.ts";
import { runtimeWithFacts } from "./testing/runtime-with-facts.ts";

const gpu = await deviceWithMatrixUnits();
afterAll(() => gpu.device.destroy());

// A layer's attention, not a whole model: lavapipe takes a minute to compile the linear layers of one. So wide that scores and sums of global tokens
// are made in one kernel.
test.each([0, 1, 16])("a session in float16 on this device's matrix units, %i tokens global", async (globals) => {
  const shape = [2, 50, 128] as const;
  const graph = attentionGraph({ shape, heads: 4, window: 16, normalized: true });
  const weights = seededWeights(graph);
  const inputs = {
    x: seededNormal(3, shape),
    // The other text has half as many, and ends earlier.
    mask: {
      dataType: "int32",
      shape: [2, 50],
      data: Int32Array.from({ length: 100 }, (_, at) =>
        at < 50 ? 1 + Number(at < globals) : at < 83 ? 1 + Number(at - 50 < globals / 2) : 0,
      ),
    },
  } as const;
  await using session = await runtimeWithFacts(gpu, { precision: "float16" }).prepare(graph, weights, { profile: true });
  const found = await session.run(inputs);
  const kernels = session.profile?.()?.steps.map(({ kernel }) => kernel) ?? [];
  for (const part of ["linear-matrix", "window-attention-matrix", ...(globals > 0 ? ["global-attention-joint"] : [])])
    expect(kernels).toContainEqual(expect.stringContaining(part));
  const { context } = await (await referenceRuntime().prepare(graph, weights)).run(inputs);
  if (context === undefined) throw new Error("there is a context");
  expect(tensorDifference(found.context, context, { absolute: 2e-2, relative: 2e-2 })).toBeUndefined();
  // Whatever order workgroups run in. Subgroups of one run in one order here: see `withReversedSubgroups`.
  for (let again = 0; again < 5; again++) expect(await session.run(inputs)).toEqual(found);
});
