import { expect, test } from "vitest";
import { bytesSource } from "../bytes/bytes-source.ts";
import { memoryBudget } from "../accounting/memory-budget.ts";
import { isTensor } from "../checkpoint/tree.ts";
import { fileReader } from "./file-reader.ts";

const source = bytesSource(Uint8Array.of(1, 2, 0, 3, 0xc3, 0xaf, 7, 0, 8, 0), "some.file");

test("reads heads in turn, and gives a view of what it passes over", async () => {
  const file = fileReader({ source });
  expect([await file.unsigned(1), await file.unsigned(2), await file.unsigned(1)]).toEqual([1, 0x200, 3]);
  expect(await file.text(2)).toBe("ï");
  const tensor = file.tensor({ name: "w", dataType: "int16", shape: [2], byteLength: 4 });
  expect.assert(isTensor(tensor));
  expect(file.position).toBe(10);
  expect((await tensor.read()).data).toEqual(Int16Array.of(7, 8));
});

test.each([
  ["a tensor beyond the end", "truncated", { dataType: "int16", shape: [6], byteLength: 12 }],
  ["bytes that are not the shape's", "malformed", { dataType: "int16", shape: [3], byteLength: 4 }],
  ["sizes that no number holds", "malformed", { dataType: "int16", shape: [2 ** 53, 2 ** 53], byteLength: 4 }],
])("%s: %s, naming file and tensor", (_, code, tensor) => {
  const file = fileReader({ source });
  expect(() => file.tensor({ name: "w", ...tensor })).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(/^some\.file: "w"/) as string }),
  );
});

test("a type nobody knows is an opaque value with its reason, and is passed over", () => {
  const file = fileReader({ source });
  expect(file.tensor({ name: "w", dataType: "complex64", shape: [1], byteLength: 8 })).toMatchObject({
    kind: "opaque",
    reason: expect.stringContaining("complex64") as string,
  });
  expect(file.position).toBe(8);
});

test("texts are counted on the budget before they are read; reading behind the end is refused", async () => {
  const file = fileReader({ source, budget: memoryBudget("some.file", 10, { memory: 100 }) });
  await expect(file.text(2 ** 32)).rejects.toMatchObject({ code: "limit-exceeded" });
  await expect(fileReader({ source }).take(11)).rejects.toMatchObject({ code: "truncated" });
});
