import { expect, test } from "vitest";
import { standardOperations } from "../graph/operations/standard-operations.ts";
import { operationCases } from "./operation-cases.ts";

test("every operation has a case, by which all runtimes are tested", () => {
  const tested = new Set(operationCases.map(({ operation }) => operation.name));
  expect([...standardOperations.keys()].filter((name) => !tested.has(name))).toEqual([]);
});
