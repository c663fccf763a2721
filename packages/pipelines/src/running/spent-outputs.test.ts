import { expect, test } from "vitest";
import type { GraphTensor } from "@longspan/core/graph";
import { spentOutputs } from "./spent-outputs.ts";

const floats = (length: number): GraphTensor => ({ dataType: "float32", shape: [length], data: new Float32Array(length) });

test("each run is offered what the one before gave, as long as it takes it or it does not fit", () => {
  const spent = spentOutputs();
  expect(spent.memory).toBeUndefined();
  for (const length of [4, 4, 6, 0, 6, 6]) {
    for (const { data } of Object.values(spent.memory ?? {}))
      if (data.length === length) structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
    const outputs = { logits: floats(length) };
    spent.add(outputs);
    expect(spent.memory).toBe(outputs);
  }
});

test("nothing is kept for a runtime that does not take what fits", () => {
  const spent = spentOutputs();
  for (const length of [4, 5]) spent.add({ logits: floats(length) });
  expect(spent.memory).toBeDefined();
  for (const length of [5, 4]) {
    spent.add({ logits: floats(length) });
    expect(spent.memory).toBeUndefined();
  }
});
