import { LongspanError } from "@longspan/core";
import { isTreeMap, treeMap, type TreeOpaque, type TreeValue } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { dict, list, opaque, opened, tensor } from "../../test/tree-building.ts";
import { lightningEnvelope } from "./lightning-envelope.ts";

const envelope = lightningEnvelope();
const weights = dict({ "model.embeddings.LayerNorm.weight": tensor("a"), "qa_outputs.bias": tensor("b") });

function open(root: TreeValue) {
  return envelope.open(opened(root));
}

function codeOf(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (LongspanError.isInstance(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("detect", () => {
  test("every generation is claimed, with what was seen", () => {
    const generations = {
      "0.6": { epoch: 1, global_step: 2, state_dict: weights, hparams: dict({ lr: 1 }) },
      "0.7": { epoch: 1, global_step: 2, optimizer_states: list(), state_dict: weights, hparams_type: "Namespace" },
      "0.8": { epoch: 1, global_step: 2, "pytorch-lightning_version": "0.8.5", state_dict: weights },
      "2.6": { epoch: 1, global_step: 2, "pytorch-lightning_version": "2.6.6", state_dict: weights, loops: dict({}) },
      "published weights": { state_dict: weights, hyper_parameters: dict({ lr: 1 }) },
    };
    for (const root of Object.values(generations)) expect(envelope.detect(opened(dict(root)))).toMatchObject({ specificity: 80 });
    expect(envelope.detect(opened(dict(generations["2.6"])))?.evidence).toContain("2.6.6");
  });

  test("a state dict, a training file and other values are not claimed", () => {
    const others: TreeValue[] = [
      weights,
      dict({ model: weights, epoch: 3 }),
      dict({ state_dict: weights }),
      list(),
      null,
      7,
      "text",
      opaque("A"),
    ];
    for (const root of others) expect(envelope.detect(opened(root))).toBeUndefined();
  });
});

describe("state dict", () => {
  test("wrappers' segments are taken off, the module's own prefix stays", () => {
    const names = [
      "module.model._orig_mod.pooler.dense.weight",
      "model._fsdp_wrapped_module.pooler.dense.bias",
      "_checkpoint_wrapped_module.module.x.module",
    ];
    const contents = open(
      dict({ epoch: 0, global_step: 0, state_dict: dict(Object.fromEntries(names.map((name) => [name, tensor(name)]))) }),
    );
    expect(contents.tensors.map(({ name, sourceName }) => [name, sourceName])).toEqual([
      ["model.pooler.dense.weight", names[0]],
      ["model.pooler.dense.bias", names[1]],
      ["x.module", names[2]],
    ]);
  });

  test("two spellings of one name both stay as they are", () => {
    const two = dict({ "model.w": tensor("w"), "model._orig_mod.w": tensor("w", [2], 5) });
    const contents = open(dict({ epoch: 0, global_step: 0, state_dict: two }));
    expect(contents.tensors.map(({ name }) => name)).toEqual(["model.w", "model._orig_mod.w"]);
  });

  test("tensors that cannot be read are named with the reason, damaged ones are errors", () => {
    const refused = (code: "unsupported" | "tensor-invalid"): TreeValue => {
      const error = new LongspanError(code, "why");
      return { kind: "opaque", className: "torch.Tensor", reason: error.message, error } as TreeOpaque;
    };
    const read = (code: "unsupported" | "tensor-invalid") =>
      open(
        dict({
          epoch: 0,
          global_step: 0,
          state_dict: dict({ "model.w": tensor("w"), "model.q": refused(code), _extra_state: null }),
        }),
      );
    expect(read("unsupported").unreadable).toEqual([{ name: "model.q", sourceName: "model.q", reason: "why." }]);
    expect(codeOf(() => read("tensor-invalid")).code).toBe("tensor-invalid");
  });

  test.each<[string, TreeValue]>([
    ["a list", list(tensor("w"))],
    ["None", null],
    ["an object", opaque("torch.nn.Module")],
    ["a tensor", tensor("w")],
  ])("a state_dict that is %s is refused", (_, state) => {
    const error = codeOf(() => open(dict({ "pytorch-lightning_version": "2.0.0", state_dict: state })));
    expect(error.code).toBe("malformed");
    expect(error.message).toContain("dict of tensors");
  });

  test.each<[string, TreeValue]>([
    ["an integer", 3],
    ["a class", opaque("torch.nn.Linear")],
    ["a tuple", { kind: "tuple", items: ["a"] }],
    ["None", null],
  ])("%s as a parameter's name is reported", (_, key) => {
    const state = treeMap([
      [key, tensor("w")],
      ["model.w", tensor("w")],
    ]);
    const contents = open(dict({ epoch: 0, global_step: 0, state_dict: state }));
    expect(contents.tensors.map(({ name }) => name)).toEqual(["model.w"]);
    expect(contents.dropped).toHaveLength(1);
    expect(contents.warnings).toHaveLength(1);
  });

  test("a missing state_dict is named, with what there is instead", () => {
    const error = codeOf(() => open(dict({ "pytorch-lightning_version": "2.0.0", ema: weights })));
    expect(error.code).toBe("malformed");
    expect(error.message).toContain('no "state_dict"');
    expect(error.message).toContain("ema");
  });

  test.each(["module", "model"])("stands under %s where a sharded strategy wrote it", (key) => {
    const contents = open(dict({ "pytorch-lightning_version": "2.0.0", [key]: weights }));
    expect(contents.tensors).toEqual(open(dict({ "pytorch-lightning_version": "2.0.0", state_dict: weights })).tensors);
    expect([...contents.metadata.keys()]).not.toContain(key);
  });

  test("a file that is no dict is refused", () => {
    expect(codeOf(() => open(list())).code).toBe("malformed");
  });
});

describe("what stands beside the state dict", () => {
  test("training state is dropped with reasons, empty parts silently", () => {
    const contents = open(
      dict({
        epoch: 3,
        global_step: 12,
        "pytorch-lightning_version": "2.6.6",
        state_dict: weights,
        loops: dict({ fit_loop: dict({}) }),
        callbacks: treeMap([[opaque("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"), dict({ best: 1 })]]),
        optimizer_states: list(dict({ state: dict({}) })),
        lr_schedulers: list(),
        current_model_state: weights,
      }),
    );
    expect(contents.dropped.map(({ name }) => name)).toEqual(["loops", "callbacks", "optimizer_states", "current_model_state"]);
    expect([...contents.metadata.keys()]).toEqual(["epoch", "global_step", "pytorch-lightning_version"]);
    expect(contents.metadata.get("global_step")).toBe(12);
  });

  test("an average of the weights in a callback is mentioned", () => {
    const callbacks = dict({ EMA: dict({ weights: list(tensor("ema", [2, 2])) }) });
    const [dropped] = open(dict({ epoch: 0, global_step: 0, state_dict: weights, callbacks })).dropped;
    expect(dropped?.reason).toContain("average of the weights");
    const score = dict({ ModelCheckpoint: dict({ best_model_score: tensor("score", []) }) });
    const [plain] = open(dict({ epoch: 0, global_step: 0, state_dict: weights, callbacks: score })).dropped;
    expect(plain?.reason).toBe("state of Lightning callbacks");
  });

  test("a training script's own keys stay as metadata; their tensors are reported", () => {
    const contents = open(dict({ epoch: 0, global_step: 0, state_dict: weights, mine: tensor("m"), note: "text", __proto__x: 1 }));
    expect(contents.metadata.get("note")).toBe("text");
    expect(contents.dropped.map(({ name }) => name)).toEqual(["mine"]);
  });

  test("keys that are not text are survived", () => {
    const root = treeMap([
      [opaque("some.Class"), 1],
      [4, tensor("x")],
      ["epoch", 1],
      ["global_step", 1],
      ["state_dict", weights],
    ]);
    expect(open(root).tensors).toHaveLength(2);
  });
});

describe("hyper-parameters", () => {
  function hyperParametersOf(more: Readonly<Record<string, TreeValue>>) {
    const contents = open(dict({ epoch: 0, global_step: 0, state_dict: weights, ...more }));
    const value = contents.metadata.get("hyper_parameters");
    if (!isTreeMap(value)) throw new Error("no hyper-parameters");
    return { value, type: contents.metadata.get("hparams_type"), contents };
  }

  test.each<[string, Readonly<Record<string, TreeValue>>, string | undefined]>([
    ["a dict (0.6)", { hparams: dict({ lr: 0.5 }) }, undefined],
    ["a Namespace's dict (0.7)", { hparams: dict({ lr: 0.5 }), hparams_type: "Namespace" }, "Namespace"],
    ["module arguments", { module_arguments: dict({ lr: 0.5 }) }, undefined],
    ["a Namespace", { hyper_parameters: opaque("argparse.Namespace", dict({ lr: 0.5 })) }, "Namespace"],
    [
      "an AttributeDict (0.8)",
      { hyper_parameters: opaque("pytorch_lightning.utilities.parsing.AttributeDict", dict({ lr: 0.5 })) },
      "AttributeDict",
    ],
    ["an unknown class", { hyper_parameters: opaque("__main__.Arguments", dict({ lr: 0.5 })) }, "Arguments"],
    [
      "an OmegaConf container",
      {
        hyper_parameters: opaque(
          "omegaconf.dictconfig.DictConfig",
          dict({ _parent: null, _content: dict({ lr: opaque("omegaconf.nodes.AnyNode", dict({ _val: 0.5, _parent: null })) }) }),
        ),
        hparams_type: opaque("omegaconf.dictconfig.DictConfig"),
      },
      "DictConfig",
    ],
  ])("%s is read", (_, more, type) => {
    const read = hyperParametersOf(more);
    expect(read.value.get("lr")).toBe(0.5);
    expect(read.type).toBe(type);
  });

  test("nested bags of names become maps, other objects stay opaque", () => {
    const { value } = hyperParametersOf({
      hyper_parameters: dict({ args: opaque("argparse.Namespace", dict({ lr: 1 })), when: opaque("datetime.datetime") }),
    });
    const inner = value.get("args");
    expect(isTreeMap(inner) && inner.get("lr")).toBe(1);
    expect(value.get("when")).toEqual({ kind: "opaque", className: "datetime.datetime" });
  });

  test("a Namespace with __proto__ changes nothing", () => {
    const state = treeMap([
      ["__proto__", dict({ polluted: true })],
      ["constructor", 1],
    ]);
    const { value } = hyperParametersOf({ hyper_parameters: opaque("argparse.Namespace", state) });
    expect(isTreeMap(value.get("__proto__"))).toBe(true);
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain("polluted");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("cycles and deep nests end", () => {
    const entries: [TreeValue, TreeValue][] = [["lr", 0.5]];
    const cyclic = treeMap(entries);
    entries.push(["self", cyclic]);
    const { value } = hyperParametersOf({ hyper_parameters: cyclic });
    expect(value.get("self")).toBe(value);

    let deep: TreeValue = 1;
    for (let level = 0; level < 200_000; level++) deep = { kind: "tuple", items: [deep] };
    expect(hyperParametersOf({ hyper_parameters: dict({ deep, lr: 1 }) }).value.get("lr")).toBe(1);
  });
});
