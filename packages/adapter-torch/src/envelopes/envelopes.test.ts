import { type LazyTensor, LongspanError } from "@longspan/core";
import {
  bytesSource,
  type Envelope,
  type EnvelopeContents,
  type OpenedContainer,
  stridedTensor,
  treeMap,
  type TreeValue,
} from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import type { RefusedTensor } from "@longspan/container-safetensors";
import { torch } from "../torch.ts";

const { envelopes } = torch();

function weight(name = "w"): LazyTensor {
  return stridedTensor({
    name,
    dataType: "float32",
    shape: [1],
    storage: { source: bytesSource(new Uint8Array(4)), offset: 0, byteLength: 4 },
  });
}

function map(entries: Readonly<Record<string, TreeValue>>): TreeValue {
  return treeMap(Object.entries(entries));
}

function refused(code: "unsupported" | "tensor-invalid"): RefusedTensor {
  const error = new LongspanError(code, `${code} tensor`);
  return { kind: "opaque", className: "torch._utils._rebuild_tensor_v2", reason: error.message, error };
}

function opened(root: TreeValue): OpenedContainer {
  return { root, attributes: new Map(), warnings: [], close: async () => {} };
}

/** The envelope with the most specific claim. */
function claimant(root: TreeValue): Envelope | undefined {
  const claims = envelopes.map((envelope) => ({ envelope, claim: envelope.detect(opened(root)) }));
  return claims
    .filter(({ claim }) => claim !== undefined)
    .toSorted((one, other) => (other.claim?.specificity ?? 0) - (one.claim?.specificity ?? 0))[0]?.envelope;
}

function contentsOf(root: TreeValue): EnvelopeContents & { readonly envelope: string } {
  const envelope = claimant(root);
  if (envelope === undefined) throw new Error("nobody claims it");
  return { envelope: envelope.name, ...envelope.open(opened(root)) };
}

function namesOf(root: TreeValue): readonly (readonly [string, string])[] {
  return contentsOf(root).tensors.map(({ name, sourceName }) => [name, sourceName]);
}

function module(
  className: string,
  parts: {
    parameters?: Record<string, TreeValue>;
    buffers?: Record<string, TreeValue>;
    modules?: Record<string, TreeValue>;
    more?: Record<string, TreeValue>;
  },
): TreeValue {
  const { parameters = {}, buffers = {}, modules = {}, more = {} } = parts;
  return {
    kind: "opaque",
    className,
    state: map({ training: false, _parameters: map(parameters), _buffers: map(buffers), _modules: map(modules), ...more }),
  };
}

describe("which envelope", () => {
  test.each<readonly [string, string | undefined, TreeValue]>([
    ["a dict of tensors", "state-dict", map({ a: weight(), b: weight() })],
    ["a dict of tensors and some numbers", "state-dict", map({ a: weight(), b: weight(), version: 2 })],
    ["a dict of tensors with a refused one", "state-dict", map({ a: weight(), b: refused("unsupported") })],
    ["nothing", "state-dict", map({})],
    [
      "a training file",
      "nested-state-dict",
      map({ model: map({ a: weight() }), optimizer: map({ state: map({ 0: map({ exp_avg: weight() }) }) }), epoch: 3 }),
    ],
    [
      "a training file with a tensor of its own",
      "nested-state-dict",
      map({ state_dict: map({ a: weight() }), random_state: weight(), epoch: 3 }),
    ],
    ["one map of tensors under a name of its own", "nested-state-dict", map({ encoder: map({ a: weight() }), epoch: 3 })],
    ["two maps of tensors", "nested-state-dict", map({ teacher: map({ a: weight() }), student: map({ a: weight() }) })],
    ["a module", "module", module("x.Net", { parameters: { a: weight() } })],
    ["a module under a key", "nested-state-dict", map({ model: module("x.Net", { parameters: { a: weight() } }), epoch: 1 })],
    ["a list", undefined, { kind: "list", items: [weight()] }],
    ["a tensor", undefined, weight()],
    ["an object that is no module", undefined, { kind: "opaque", className: "x.Y", state: map({ a: weight() }) }],
    ["text", undefined, "model"],
  ])("%s: %s", (_name, expected, root) => {
    expect(claimant(root)?.name).toBe(expected);
  });
});

describe("state dicts", () => {
  test("wrappers' segments come off, whatever their order, and the source keeps them", () => {
    const names = [
      "module.a.weight",
      "_orig_mod.b.weight",
      "module._orig_mod.c.weight",
      "d._fsdp_wrapped_module.e._checkpoint_wrapped_module.f",
      "module",
    ];
    expect(namesOf(map(Object.fromEntries(names.map((name) => [name, weight()]))))).toEqual([
      ["a.weight", "module.a.weight"],
      ["b.weight", "_orig_mod.b.weight"],
      ["c.weight", "module._orig_mod.c.weight"],
      ["d.e.f", "d._fsdp_wrapped_module.e._checkpoint_wrapped_module.f"],
      ["module", "module"],
    ]);
  });

  test("they stay where two tensors would get one name", () => {
    expect(namesOf(map({ "module.a.b": weight(), "a.b": weight(), "module.c.d": weight() }))).toEqual([
      ["module.a.b", "module.a.b"],
      ["a.b", "a.b"],
      ["c.d", "module.c.d"],
    ]);
  });

  test("other values are metadata; what should be a tensor and cannot be read is named with the reason", () => {
    const contents = contentsOf(map({ a: weight(), b: weight(), step: 3, q: refused("unsupported") }));
    expect(contents.metadata).toEqual(new Map([["step", 3]]));
    expect(contents.unreadable).toEqual([{ name: "q", sourceName: "q", reason: "unsupported tensor." }]);
    const opaque = { kind: "opaque", className: "custom.rebuild" } as const;
    const more = contentsOf(
      map({
        a: weight(),
        "module.b.bias": opaque,
        args: opaque,
        "b._extra_state": opaque,
        "c.packed": { kind: "tuple", items: [weight()] },
      }),
    );
    expect(more.unreadable).toEqual([
      {
        name: "b.bias",
        sourceName: "module.b.bias",
        reason:
          "it was made by custom.rebuild, which is not known here and never called: load the model with the code that made it, and save plain tensors (of torch: tensor.detach().clone()).",
      },
      { name: "c.packed", sourceName: "c.packed", reason: "it is a tuple of tensors: save them under names of their own." },
    ]);
    expect([...more.metadata.keys()]).toEqual(["module.b.bias", "args", "b._extra_state", "c.packed"]);
  });

  test("a damaged tensor is not passed over", () => {
    expect(() => contentsOf(map({ a: weight(), b: refused("tensor-invalid") }))).toThrow(LongspanError);
  });

  test("names that are no text are dropped", () => {
    const root = treeMap([
      ["a", weight()],
      [7, weight()],
    ]);
    expect(contentsOf(root)).toMatchObject({
      tensors: [{ name: "a" }],
      dropped: [{ name: "7", reason: expect.stringContaining("not text") }],
    });
  });
});

describe("nested state dicts", () => {
  test("the path is in the source's names; training state is dropped, not read; the rest is metadata", () => {
    const contents = contentsOf(
      map({ epoch: 3, model: map({ "module.a": weight() }), optimizer: map({ state: map({ 0: weight() }) }), noise: map({ b: weight() }) }),
    );
    expect(contents).toMatchObject({
      envelope: "nested-state-dict",
      tensors: [{ name: "a", sourceName: "model.module.a" }],
      metadata: new Map([["epoch", 3]]),
    });
    expect(contents.dropped.map(({ name }) => name)).toEqual(["optimizer", "noise"]);
  });

  test("two levels, and the likelier key of two", () => {
    expect(namesOf(map({ model: map({ state_dict: map({ a: weight() }) }) }))).toEqual([["a", "model.state_dict.a"]]);
    expect(namesOf(map({ model: map({ a: weight() }), state_dict: map({ b: weight() }) }))).toEqual([["b", "state_dict.b"]]);
  });

  test("copies of the model beside it are read under their keys, as models in one file", () => {
    const averaged = map({ "module.a.b": weight(), "module.n": weight() });
    expect(namesOf(map({ state_dict: map({ "a.b": weight(), n: weight() }), state_dict_ema: averaged, epoch: 1 }))).toEqual([
      ["state_dict.a.b", "state_dict.a.b"],
      ["state_dict.n", "state_dict.n"],
      ["state_dict_ema.a.b", "state_dict_ema.module.a.b"],
      ["state_dict_ema.n", "state_dict_ema.module.n"],
    ]);
    expect(namesOf(map({ model: map({ a: weight() }), ema: map({ decay: 0.9, model: map({ a: weight() }) }) }))).toEqual([
      ["model.a", "model.a"],
      ["ema.model.a", "ema.model.a"],
    ]);
  });

  test("what an optimizer keeps under the parameters' names is no copy", () => {
    expect(namesOf(map({ model: map({ a: weight() }), optimizer: map({ exp_avg: map({ a: weight() }) }) }))).toEqual([["a", "model.a"]]);
  });

  test("modules that have a state dict each are one model", () => {
    expect(namesOf(map({ longformer: map({ a: weight() }), qa_outputs: map({ weight: weight() }), epoch: 1 }))).toEqual([
      ["longformer.a", "longformer.a"],
      ["qa_outputs.weight", "qa_outputs.weight"],
    ]);
  });

  test("a model under a known key, in the one map that has it: torch.distributed's application state", () => {
    const optimizer = map({ state: map({ a: map({ exp_avg: weight(), step: weight() }) }) });
    expect(namesOf(map({ app: map({ model: map({ a: weight() }), optim: optimizer }), step: 3 }))).toEqual([["a", "app.model.a"]]);
  });

  test("a configuration beside it", () => {
    const config = map({
      model_type: "longformer",
      hidden_size: 16,
      attention_window: { kind: "list", items: [4, 8] },
      _name_or_path: "x",
      torch_dtype: { kind: "opaque", className: "torch.float32" },
    });
    expect(contentsOf(map({ config, state_dict: map({ a: weight() }) })).config).toEqual({
      model_type: "longformer",
      hidden_size: 16,
      attention_window: [4, 8],
    });
    expect(contentsOf(map({ config: map({ model_type: "bert" }), state_dict: map({ a: weight() }) })).config).toBeUndefined();
  });

  test("a map that contains itself ends", () => {
    const entries: [TreeValue, TreeValue][] = [];
    const root = treeMap(entries);
    entries.push(["model", root], ["other", map({ a: weight() })], ["third", map({ a: weight() })]);
    expect(claimant(root)).toBeUndefined();
  });
});

describe("whole modules", () => {
  test("parameters, buffers and children, in the order of state_dict()", () => {
    const inner = module("x.Inner", {
      parameters: { weight: weight(), bias: null },
      buffers: { ids: weight(), cache: weight() },
      more: { _non_persistent_buffers_set: { kind: "set", items: ["cache"] } },
    });
    const root = module("x.Net", { parameters: { scale: weight() }, modules: { first: inner, none: null, second: inner } });
    expect(namesOf(root).map(([name]) => name)).toEqual(["scale", "first.weight", "first.ids", "second.weight", "second.ids"]);
  });

  test("a model of transformers says its head and configuration", () => {
    const config: TreeValue = {
      kind: "opaque",
      className: "transformers.models.longformer.configuration_longformer.LongformerConfig",
      state: map({
        hidden_size: 16,
        id2label: treeMap([
          [0, "no"],
          [1, "yes"],
        ]),
      }),
    };
    const root = module("transformers.models.longformer.modeling_longformer.LongformerForTokenClassification", {
      parameters: { a: weight() },
      more: { config },
    });
    expect(contentsOf(root)).toMatchObject({
      head: "token-classification",
      config: { model_type: "longformer", hidden_size: 16, id2label: { "0": "no", "1": "yes" } },
    });
  });

  test("a module in itself, and modules that unfold without end, are refused", () => {
    const children: [TreeValue, TreeValue][] = [];
    const self: TreeValue = {
      kind: "opaque",
      className: "x.Self",
      state: treeMap([
        ["_parameters", map({})],
        ["_buffers", map({})],
        ["_modules", treeMap(children)],
      ]),
    };
    children.push(["again", self]);
    expect(() => contentsOf(self)).toThrow(/contains itself/);

    let doubled = module("x.Leaf", { parameters: { a: weight() } });
    for (let level = 0; level < 40; level++) doubled = module("x.Pair", { modules: { left: doubled, right: doubled } });
    expect(() => contentsOf(doubled)).toThrow(/more than 200000 parts/);

    let deep = module("x.Leaf", {});
    for (let level = 0; level < 2000; level++) deep = module("x.Deep", { modules: { inner: deep } });
    expect(() => contentsOf(deep)).toThrow(/nested more than 1000 deep/);
  });
});
