import { expect, test } from "vitest";
import { tensorSearch } from "./tensor-search.ts";
import type { TreeValue } from "./tree.ts";
import { whyNoTensor } from "./why-no-tensor.ts";

const made = (className: string): TreeValue => ({ kind: "opaque", className });
const reason = (name: string, value: TreeValue): string | undefined => whyNoTensor(name, value, tensorSearch());

test.each<[string, TreeValue, string]>([
  ["a.bias", made("numpy._core.multiarray._reconstruct"), "it is a numpy array: save it as a tensor."],
  ["a.scale", made("custom.rebuild"), "it was made by custom.rebuild, which is not known here and never called"],
  ["a.bias", null, "it is None, where a tensor is expected: save a tensor."],
  ["a.weight", { kind: "list", items: [1, 2] }, "it is a list, where a tensor is expected: save a tensor."],
  ["weight", 3, "it is a number, where a tensor is expected: save a tensor."],
  [
    "a.packed",
    { kind: "tuple", items: [{ kind: "opaque", className: "q", reason: "quantised", error: new Error("q") } as TreeValue] },
    "it is a tuple of tensors",
  ],
])("%s", (name, value, expected) => {
  expect(reason(name, value)).toContain(expected);
});

test.each<[string, TreeValue]>([
  ["args", made("argparse.Namespace")],
  ["a._extra_state", made("_io.BytesIO")],
  ["epoch", 3],
  ["a.steps", 3],
  ["a.sizes", { kind: "list", items: [1, 2] }],
])("%s is no tensor anyway", (name, value) => {
  expect(reason(name, value)).toBeUndefined();
});
