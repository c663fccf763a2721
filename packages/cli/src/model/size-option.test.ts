import { expect, test } from "vitest";
import { sizeOption } from "./size-option.ts";

test.each([undefined, 2 ** 29 - 24])("the sizes that a refusal names as examples are accepted (at most %s)", (max) => {
  const read = sizeOption(max);
  let message = "";
  try {
    read("1e9TB");
  } catch (error) {
    message = String(error);
  }
  const examples = /such as (\S+) or (\S+)\.$/.exec(message)?.slice(1) ?? [];
  expect(examples.length).toBe(2);
  for (const example of examples) expect(read(example)).toBeGreaterThan(1e6);
});
