import { expect, test } from "vitest";
import { idSet } from "./id-set.ts";

test("ids beyond what one set holds", () => {
  const ids = idSet(3);
  const names = Array.from({ length: 20 }, (_, index) => `id ${index}`);
  for (const name of names) {
    expect(ids.has(name)).toBe(false);
    ids.add(name);
  }
  expect(names.every((name) => ids.has(name))).toBe(true);
});
