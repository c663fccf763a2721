import { expect, test } from "vitest";
import { heads } from "@longspan/core";
import { parseLongformerConfig, publishedConfigs } from "@longspan/core/adapter";
import { buildGraph, longformerGraph, operations } from "@longspan/core/graph";
import { fuseForGpu } from "../fusion/index.ts";
import { headKernelTable } from "../kernels/index.ts";
import { neededKernels } from "./needed-kernels.ts";

test("the kernels that every head of a Longformer needs are there at once, others for graphs that have them", async () => {
  const { config } = parseLongformerConfig(publishedConfigs["longformer-base-4096"]);
  for (const head of heads) {
    const fused = fuseForGpu(longformerGraph(config, head, { attentions: true }), { joinProjections: true });
    expect([head, await neededKernels(fused)]).toEqual([head, headKernelTable]);
  }
  const sum = buildGraph("sum", (builder) => {
    const [x, y] = ["x", "y"].map((name) => builder.input(name, "float32", ["rows", 4]));
    if (x !== undefined && y !== undefined) builder.output("z", builder.apply(operations.add, [x, y]));
  });
  expect([...(await neededKernels(sum))().keys()]).toContain("add");
  expect([...headKernelTable().keys()]).not.toContain("add");
});
