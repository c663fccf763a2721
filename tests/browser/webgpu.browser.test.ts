import { expect, test } from "vitest";

test("this browser has a GPU adapter", async () => {
  expect(await navigator.gpu.requestAdapter()).not.toBeNull();
});
