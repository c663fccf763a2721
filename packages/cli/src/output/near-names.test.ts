import { expect, test } from "vitest";
import { nearNames } from "./near-names.ts";

const options =
  "question document top-k max-answer-tokens window-tokens stride-tokens profile force input-format output-format timeout strict".split(
    " ",
  );

test.each([
  ["doc", ["document"]],
  ["docs", ["document"]],
  ["documnet", ["document"]],
  ["q", ["question"]],
  ["max-tokens", ["max-answer-tokens"]],
  ["format", ["input-format", "output-format"]],
  ["tokens", ["max-answer-tokens", "window-tokens", "stride-tokens"]],
  ["file", []],
  ["s", ["stride-tokens", "strict"]],
  ["forse", ["force"]],
  ["xyz", []],
])("%s", (word, names) => {
  expect(nearNames(word, options)).toEqual(names);
});

test("commands", () => {
  const commands = [
    "inspect",
    "convert",
    "extend",
    "verify",
    "run",
    "ask",
    "fill",
    "classify",
    "embed",
    "serve",
    "page",
    "doctor",
    "completion",
  ];
  for (const [word, name] of [
    ["aks", "ask"],
    ["askk", "ask"],
    ["clasify", "classify"],
    ["comp", "completion"],
  ] as const)
    expect(nearNames(word, commands)).toEqual([name]);
});
