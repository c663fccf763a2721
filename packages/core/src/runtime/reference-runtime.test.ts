import { describe, expect, test } from "vitest";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { prepareInputs } from "../longformer/prepare-inputs.ts";
import { seededWeights, tinyConfig } from "../testing/longformer-cases.ts";
import { testRuntime } from "../testing/test-runtime.ts";
import { referenceRuntime } from "./reference-runtime.ts";

test("what takes more memory than there can be is said to", async () => {
  const config = { ...tinyConfig, attentionWindow: [2 ** 50, 8, 4] };
  const graph = longformerGraph(config, "model", { attentions: true });
  const session = await referenceRuntime().prepare(graph, seededWeights(graph));
  const run = session.run(prepareInputs(config, "model", { input_ids: [[0, 5, 2]] }));
  await expect(run).rejects.toMatchObject({ code: "out-of-memory", message: expect.stringMatching(/layer\.0\.attention.*fewer outputs/) });
});

describe("referenceRuntime", () => {
  testRuntime({ describe, test, expect }, () => referenceRuntime());
});
