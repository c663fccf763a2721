import { expect, test } from "vitest";
import { standardOperations } from "@longspan/core/graph";
import { gpuOperations } from "../fusion/fused-operations.ts";
import { operationNames } from "../plan/operation-names.ts";
import { aliasOperation, hostOperations } from "../plan/split-graph.ts";
import { wholeKernelTable } from "./index.ts";

test("every operation, of the graph and of this runtime's own, has kernels, or the host computes it, or it only renames memory", async () => {
  const placed = new Set([...hostOperations, aliasOperation, ...(await wholeKernelTable())().keys()]);
  expect([...gpuOperations.keys()].filter((name) => !placed.has(name))).toEqual([]);
  expect([...placed].filter((name) => !gpuOperations.has(name))).toEqual([]);
});

test("what the runtime says that it takes is every standard operation", () => {
  expect(operationNames.toSorted()).toEqual([...standardOperations.keys()].toSorted());
});
