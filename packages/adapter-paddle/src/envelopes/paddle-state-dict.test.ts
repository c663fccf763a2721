import type { LazyTensor } from "@longspan/core";
import { bytesSource, type OpenedContainer, stridedTensor, treeMap, type TreeValue } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { paddleStateDictEnvelope } from "./paddle-state-dict.ts";

const envelope = paddleStateDictEnvelope();
const tensor = (name: string, dataType: "float32" | "uint16" = "float32"): LazyTensor =>
  stridedTensor({
    name,
    dataType,
    shape: [1],
    storage: { source: bytesSource(Uint8Array.of(0x80, 0x3f, 0, 0)), offset: 0, byteLength: 4 },
  });
const map = (entries: Readonly<Record<string, TreeValue>>): TreeValue => treeMap(Object.entries(entries));
const pdparams: ReadonlyMap<string, string> = new Map([["pickle-protocol", "4"]]);

function opened(root: TreeValue, attributes: ReadonlyMap<string, string> = pdparams): OpenedContainer {
  return { root, attributes, warnings: [], close: async () => {} };
}

const open = (root: TreeValue, attributes?: ReadonlyMap<string, string>): ReturnType<typeof envelope.open> =>
  envelope.open(opened(root, attributes));

describe("finds the state dict", () => {
  test.each([
    ["at the top", map({ w: tensor("w"), table: map({ w: "w_0" }) }), [["w", "w"]]],
    ["under a usual name", map({ model: map({ w: tensor("model.w") }), opt: map({ m: tensor("opt.m") }), epoch: 3 }), [["w", "model.w"]]],
    [
      "under the only name there is",
      map({ teacher: map({ w: tensor("teacher.w") }), optimizer: map({ m: tensor("m") }), step: 1 }),
      [["w", "teacher.w"]],
    ],
    ["under a usual name beside a tensor", map({ model: map({ w: tensor("model.w") }), loss: tensor("loss") }), [["w", "model.w"]]],
    [
      "under the only name there is, beside fewer tensors",
      map({ loss: tensor("loss"), student: map({ v: tensor("v"), w: tensor("w") }) }),
      [
        ["v", "student.v"],
        ["w", "student.w"],
      ],
    ],
    ["at the top, beside one that is no larger", map({ w: tensor("w"), ema: map({ w: tensor("ema.w") }) }), [["w", "w"]]],
    ["alone", tensor("w_0"), [["w_0", "w_0"]]],
  ])("%s", (_, root, names) => {
    expect(envelope.detect(opened(root))?.specificity).toBe(70);
    expect(open(root).tensors.map(({ name, sourceName }) => [name, sourceName])).toEqual(names);
  });

  test.each([
    ["nothing", null],
    ["no tensors", map({ a: 1, b: map({ c: 2 }) })],
    ["two candidates without a usual name", map({ teacher: map({ w: tensor("w") }), student: map({ w: tensor("w") }) })],
    ["a list of tensors", { kind: "list", items: [tensor("w")] } as const],
    ["two levels", map({ a: map({ b: map({ w: tensor("w") }) }) })],
  ])("claims nothing for %s", (_, root) => {
    expect(envelope.detect(opened(root))).toBeUndefined();
    expect(() => open(root)).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  test("claims less for files that other frameworks write too", () => {
    const root = map({ w: tensor("w") });
    expect(envelope.detect(opened(root, new Map([["format", "np"]])))?.specificity).toBe(60);
    expect(envelope.detect(opened(root, new Map([["format", "pt"]])))?.specificity).toBe(15);
    expect(envelope.detect(opened(tensor("w"), new Map()))).toBeUndefined();
  });
});

describe("leaves out, with a reason", () => {
  const reasons = (root: TreeValue): readonly (readonly [string, string])[] => open(root).dropped.map(({ name, reason }) => [name, reason]);

  test("the optimizer's state", () => {
    const root = map({
      model: map({ w: tensor("w"), "linear_0.w_0_moment1_0": tensor("m") }),
      opt: map({ m: tensor("m") }),
      LR_Scheduler: map({ last_epoch: 1 }),
    });
    expect(reasons(root)).toEqual([
      ["opt", expect.stringContaining("optimizer state")],
      ["LR_Scheduler", expect.stringContaining("optimizer state")],
      ["model.linear_0.w_0_moment1_0", expect.stringContaining("optimizer state")],
    ]);
  });

  test("a whole .pdopt", () => {
    const root = map({
      "linear_0.w_0_moment1_0": tensor("a"),
      "linear_0.w_0_moment2_0": tensor("b"),
      "linear_0.w_0_beta1_pow_acc_0": tensor("c"),
      "linear_0.b_0_velocity_0": tensor("d"),
      master_weights: map({ "linear_0.w_0": tensor("e") }),
      LR_Scheduler: map({ last_lr: 0.5 }),
    });
    expect(open(root).tensors).toEqual([]);
    expect(reasons(root).length).toBe(5);
  });

  test("arrays that no tensor can hold, tensors elsewhere", () => {
    const root = map({
      model: map({
        w: tensor("w"),
        odd: { kind: "opaque", className: "numpy.ndarray", reason: "it is odd" },
        "a.bias": { kind: "opaque", className: "custom.rebuild" },
        deep: { kind: "list", items: [tensor("x")] },
      }),
      ema: { kind: "list", items: [tensor("e")] },
    });
    expect(reasons(root)).toEqual([
      ["ema", expect.stringContaining('"model"')],
      ["model.deep", expect.stringContaining("nested")],
    ]);
    expect(open(root).unreadable).toEqual([
      { name: "odd", sourceName: "model.odd", reason: "it is odd" },
      {
        name: "a.bias",
        sourceName: "model.a.bias",
        reason: expect.stringContaining("it was made by custom.rebuild, which is not known here"),
      },
    ]);
  });

  test("values inside themselves are walked once", () => {
    const items: TreeValue[] = [1];
    const loop: TreeValue = { kind: "list", items };
    items.push(loop);
    expect(open(map({ w: tensor("w"), loop })).metadata.get("loop")).toBe(loop);
  });
});

test("what is no tensor becomes metadata, the name table among it", () => {
  const table = map({ w: "linear_0.w_0" });
  const { metadata } = open(map({ model: map({ w: tensor("w"), note: "text" }), epoch: 7, "StructuredToParameterName@@": table }));
  expect(Object.fromEntries(metadata)).toEqual({ "pickle-protocol": "4", epoch: 7, note: "text", "StructuredToParameterName@@": table });
});

describe("wrappers around the model", () => {
  test("are taken off when every name has them, one after the other", () => {
    const root = map({ "_layers.module.a.weight": tensor("a"), "_layers.module.b.weight": tensor("b") });
    expect(open(root).tensors.map(({ name, sourceName }) => [name, sourceName])).toEqual([
      ["a.weight", "_layers.module.a.weight"],
      ["b.weight", "_layers.module.b.weight"],
    ]);
  });

  test("stay when one name has none", () => {
    const root = map({ "_layers.a.weight": tensor("a"), "b.weight": tensor("b") });
    expect(open(root).tensors.map(({ name }) => name)).toEqual(["_layers.a.weight", "b.weight"]);
  });
});

test("PaddleNLP's U16 is bfloat16, and only in files that say np", () => {
  const root = map({ w: tensor("w", "uint16"), v: tensor("v") });
  const types = (format: string): readonly string[] =>
    open(root, new Map([["format", format]])).tensors.map(({ tensor: found }) => found.dataType);
  expect(types("np")).toEqual(["bfloat16", "float32"]);
  expect(types("pt")).toEqual(["uint16", "float32"]);
  expect(open(root, new Map([["format", "np"]])).warnings).toEqual([expect.stringContaining("read as bfloat16")]);
});
