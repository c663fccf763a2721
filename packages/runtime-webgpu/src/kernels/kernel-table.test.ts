import { expect, test } from "vitest";
import { gpuOperations } from "../fusion/fused-operations.ts";
import { aliasOperation, hostOperations } from "../plan/split-graph.ts";
import { kernelTable } from "./index.ts";

test("every operation, of the graph and of this runtime's own, has kernels, or the host computes it, or it only renames memory", () => {
  const placed = new Set([...hostOperations, aliasOperation, ...kernelTable().keys()]);
  expect([...gpuOperations.keys()].filter((name) => !placed.has(name))).toEqual([]);
  expect([...placed].filter((name) => !gpuOperations.has(name))).toEqual([]);
});
