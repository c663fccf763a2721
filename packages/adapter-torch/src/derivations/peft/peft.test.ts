import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Checkpoint,
  type CheckpointInput,
  type Converter,
  createConverter,
  type Head,
  type LazyTensor,
  type LongspanError,
  memoryDirectorySink,
  memoryFileSet,
  type OpenOptions,
} from "@longspan/core";
import { bytesSource, castTensor, stridedTensor } from "@longspan/core/adapter";
import { directoryFileSet } from "@longspan/core/node";
import { seededCheckpoint } from "@longspan/core/testing";
import { afterAll, describe, expect, test } from "vitest";
import { fixturesFolder } from "../../../test/fixture.ts";
import { torch } from "../../torch.ts";
import { peftDerivation } from "./peft-derivation.ts";

interface Case {
  readonly base: string;
  readonly head: Head;
  /** Equal bit for bit; else (DoRA, whose norms torch sums in another order) within the last bits. */
  readonly exact: boolean;
  readonly whole?: boolean;
  readonly active?: string | null;
  /** Names of the merged model's tensors that differ from the base's. */
  readonly merged: readonly string[];
}

const { cases }: { cases: Readonly<Record<string, Case>> } = JSON.parse(readFileSync(join(fixturesFolder, "peft/cases.json"), "utf8"));
const adapted = createConverter({ adapters: [torch()] });
const opened: Checkpoint[] = [];

/** Closes at the end whatever a test opened and left. */
const converter: Converter = {
  ...adapted,
  async open(...given) {
    const checkpoint = await adapted.open(...given);
    opened.push(checkpoint);
    return checkpoint;
  },
};

function input(folder: string): CheckpointInput {
  return { files: directoryFileSet(join(fixturesFolder, folder)) };
}

async function open(folder: string, options: Omit<OpenOptions, "adapters"> = {}): Promise<Checkpoint> {
  return converter.open(input(folder), options);
}

async function bytesOf(tensor: LazyTensor | undefined): Promise<Buffer> {
  if (tensor === undefined) throw new Error("there is no such tensor");
  const { data } = await tensor.read();
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

afterAll(async () => {
  await Promise.all(opened.map(async (checkpoint) => checkpoint.close()));
});

/** The values that PEFT's merged model has where it differs from the base. */
async function mergedTensors(name: string): Promise<ReadonlyMap<string, LazyTensor>> {
  const checkpoint = await converter.open({
    files: directoryFileSet(join(fixturesFolder, "peft/merged")),
    fileName: `${name}.safetensors`,
  });
  return new Map(checkpoint.tensors.map(({ sourceName, tensor }) => [sourceName, tensor]));
}

function canonical(name: string): string {
  return name.replace(/^longformer\./, "");
}

/** How many steps of its float type two values are apart at most. */
function maxStep(found: Buffer, expected: Buffer, dataType: string): number {
  const width = dataType === "float32" ? 4 : 2;
  const order = (bits: number, sign: number): number => (bits >= sign ? sign - bits : bits);
  let largest = 0;
  for (let offset = 0; offset < expected.length; offset += width) {
    const [one, other] =
      width === 4
        ? [found.readUInt32LE(offset), expected.readUInt32LE(offset)]
        : [found.readUInt16LE(offset), expected.readUInt16LE(offset)];
    const sign = 2 ** (8 * width - 1);
    largest = Math.max(largest, Math.abs(order(one, sign) - order(other, sign)));
  }
  return largest;
}

/** Every weight is PEFT's where the merged model differs from the base, and the base's elsewhere. */
async function compare(name: string, checkpoint: Checkpoint, base: Checkpoint, exact: boolean): Promise<void> {
  const merged = new Map([...(await mergedTensors(name))].map(([key, tensor]) => [canonical(key), tensor]));
  const weights = checkpoint.weights();
  expect(weights.size).toBeGreaterThan(0);
  for (const key of merged.keys()) expect([...weights.keys()]).toContain(key);
  const fromBase = new Map(base.tensors.map((tensor) => [tensor.canonicalName, tensor.tensor]));
  for (const [key, weight] of weights) {
    const unchanged = fromBase.get(key);
    // A model that was cast after its adapter was put in: the base's values, cast.
    const expected = merged.get(key) ?? (unchanged === undefined ? undefined : castTensor(unchanged, weight.dataType));
    const [found, wanted] = [await bytesOf(weight), await bytesOf(expected)];
    expect({ key, dataType: weight.dataType, shape: weight.shape }).toEqual({ key, dataType: expected?.dataType, shape: expected?.shape });
    const steps = maxStep(found, wanted, weight.dataType);
    expect({ key, steps: exact ? steps : Math.max(0, steps - 4) }).toEqual({ key, steps: 0 });
  }
}

describe.each(Object.entries(cases).filter(([name]) => name !== "whole-lightning"))("%s", (name, { base, head, exact, whole, active }) => {
  test("is what merge_and_unload() makes of it", async () => {
    const original = await open(base);
    const options: Omit<OpenOptions, "adapters"> =
      whole === true ? (active ? { adapterName: active, adapterConfig: configOf(name, active) } : {}) : { base: input(base) };
    const checkpoint = await open(`peft/${name}`, options);
    expect(checkpoint.problem).toBeUndefined();
    expect(checkpoint).toMatchObject({ head, layout: "hf" });
    expect(checkpoint.warnings.join(" ")).toContain("merge_and_unload");
    await compare(name, checkpoint, original, exact);
    await checkpoint.close();
    await original.close();
  });
});

function configOf(name: string, adapter?: string): Record<string, unknown> {
  const fileName = adapter === undefined ? "adapter_config.json" : `adapter_config-${adapter}.json`;
  return JSON.parse(readFileSync(join(fixturesFolder, "peft", name, fileName), "utf8"));
}

/** A folder of a fixture, with other or fewer files. */
function changed(folder: string, changes: Readonly<Record<string, unknown>>): CheckpointInput {
  const original = directoryFileSet(join(fixturesFolder, folder));
  return {
    files: {
      name: folder,
      async resolve(fileName) {
        if (!Object.hasOwn(changes, fileName)) return original.resolve(fileName);
        const value = changes[fileName];
        return value === undefined ? undefined : bytesSource(new TextEncoder().encode(JSON.stringify(value)), `${folder}/${fileName}`);
      },
      async list() {
        const listed = ((await original.list?.()) ?? []).filter((name) => !Object.hasOwn(changes, name));
        return [...listed, ...Object.keys(changes).filter((name) => changes[name] !== undefined)];
      },
    },
  };
}

async function problemOf(place: CheckpointInput, options: Omit<OpenOptions, "adapters"> = {}): Promise<LongspanError | undefined> {
  const checkpoint = await converter.open(place, options);
  const { problem } = checkpoint;
  if (problem !== undefined) expect(() => checkpoint.weights()).toThrow(problem);
  await checkpoint.close();
  return problem;
}

describe("an adapter alone", () => {
  test("says what it is, and asks for its base", async () => {
    const place = changed("peft/sequence-classification", {
      "adapter_config.json": { ...configOf("sequence-classification"), base_model_name_or_path: "allenai/longformer-base-4096" },
    });
    const problem = await problemOf(place);
    expect(problem?.code).toBe("weights-mismatch");
    expect(problem?.message).toMatch(
      /is a PEFT adapter \(LoRA, rank 2, alpha 8, for 4 modules\).*"allenai\/longformer-base-4096".*--base <checkpoint>/,
    );
  });

  test("of IA3, too", async () => {
    expect((await problemOf(input("peft/ia3")))?.message).toMatch(/PEFT adapter \(IA3, for 8 modules\)/);
  });

  test("a whole model is read without the base that was given, which is said", async () => {
    const checkpoint = await open("huggingface/question-answering", { base: input("torch/heads/masked-lm") });
    expect(checkpoint.problem).toBeUndefined();
    expect(checkpoint.warnings.join()).toMatch(/is a whole model: the base given for it .*masked-lm.* is not used/);
    await checkpoint.close();
  });

  test("of a file without an adapter it is said that options about one are not used", async () => {
    const checkpoint = await open("huggingface/question-answering", { adapterName: "default", adapterConfig: { peft_type: "LORA" } });
    expect(checkpoint.problem).toBeUndefined();
    expect(checkpoint.warnings).toEqual([
      expect.stringMatching(/holds no adapter \(PEFT\): what option adapterConfig says is not used\.$/),
      expect.stringMatching(/holds no adapter \(PEFT\): what option adapterName says is not used\.$/),
    ]);
    await checkpoint.close();
  });

  test("its base is closed with it", async () => {
    const { base } = cases.rslora ?? { base: "" };
    let open = 0;
    const counted = directoryFileSet(join(fixturesFolder, base));
    const files = {
      ...counted,
      async resolve(fileName: string) {
        const source = await counted.resolve(fileName);
        if (source === undefined) return undefined;
        open++;
        return { ...source, close: async () => (open--, source.close()) };
      },
    };
    const checkpoint = await converter.open(input("peft/rslora"), { base: { files } });
    expect(open).toBe(1);
    await checkpoint.close();
    expect(open).toBe(0);
  });
});

describe("the base", () => {
  test("without what the adapter changes is not its base", async () => {
    const problem = await problemOf(input("peft/all-linear"), { base: input("torch/heads/model") });
    expect(problem?.code).toBe("weights-mismatch");
    expect(problem?.message).toMatch(/qa_outputs.*does not have.*Give the base that the adapter was trained on/);
  });

  test("of other sizes is not its base", async () => {
    const sink = memoryDirectorySink("small");
    await converter.convert(converter.plan(seededCheckpoint({ head: "question-answering" }), { target: "hf" }), { sink });
    const problem = await problemOf(input("peft/rslora"), { base: { files: memoryFileSet("small", sink.files) } });
    expect(problem?.code).toBe("weights-mismatch");
    expect(problem?.message).toMatch(/does not fit "encoder\.layer\.0.*A is \[3, 16\], B \[\d+, 3\], the weight/);
  });

  test("its tokenizer serves, unless the adapter has one", async () => {
    const base = input("huggingface/question-answering");
    const checkpoint = await open("peft/rslora", { base });
    expect((await checkpoint.files.resolve("merges.txt"))?.name).toContain("question-answering");
    const own = changed("peft/rslora", { "vocab.txt": [] });
    const other = await converter.open(own, { base });
    expect(await other.files.resolve("merges.txt")).toBeUndefined();
    expect((await other.files.resolve("vocab.txt"))?.name).toContain("rslora");
    expect((await other.files.resolve("config.json"))?.name).toContain("question-answering");
  });
});

describe("the configuration", () => {
  const base = input("huggingface/question-answering");

  test("is needed: how strongly an adapter counts is in no weight", async () => {
    const without = changed("peft/whole-bfloat16", { "adapter_config.json": undefined });
    const problem = await problemOf(without);
    expect(problem?.code).toBe("config-missing");
    expect(problem?.message).toMatch(/lora_alpha.*--adapter-config/);
    expect(await problemOf(without, { adapterConfig: configOf("whole-bfloat16") })).toBeUndefined();
  });

  test("is not needed for IA3", async () => {
    expect(await problemOf(changed("peft/whole-ia3", { "adapter_config.json": undefined }))).toBeUndefined();
  });

  test.each<readonly [string, Record<string, unknown>, string, RegExp]>([
    ["another rank", { r: 4 }, "config-invalid", /has rank 3 at ".*"; its adapter_config.json says 4/],
    ["no rank", { r: 0 }, "config-invalid", /r is 0/],
    ["text for alpha", { lora_alpha: "8" }, "config-invalid", /lora_alpha is no number/],
    ["no method", { peft_type: null }, "config-invalid", /no "peft_type"/],
    ["another method", { peft_type: "LOHA" }, "unsupported", /method is "LOHA"; LORA and IA3/],
    ["a variant", { use_qalora: true }, "unsupported", /use_qalora/],
    ["layers that are repeated", { layer_replication: [[0, 1]] }, "unsupported", /layer_replication/],
    [
      "an initialization that changes the base",
      { init_lora_weights: "pissa_niter_4" },
      "unsupported",
      /pissa_niter_4, which changes the base/,
    ],
    ["a pattern that is none", { rank_pattern: { query: "2" } }, "config-invalid", /rank_pattern of "query" is no number/],
    ["an expression that takes for ever", { rank_pattern: { "(a+)+x": 2 } }, "unsupported", /rank_pattern has the key "\(a\+\)\+x"/],
    ["an expression of another kind", { alpha_pattern: { "query(?!_global)": 2 } }, "unsupported", /alpha_pattern has the key/],
  ])("with %s is refused", async (_what, more, code, message) => {
    const problem = await problemOf(input("peft/rslora"), { base, adapterConfig: { ...configOf("rslora"), ...more } });
    expect(problem?.code).toBe(code);
    expect(problem?.message).toMatch(message);
  });

  test("that is no JSON object is refused", async () => {
    expect((await problemOf(changed("peft/rslora", { "adapter_config.json": [1] }), { base }))?.code).toBe("config-invalid");
  });
});

describe("several adapters", () => {
  test("are named, and one has to be", async () => {
    const problem = await problemOf(input("peft/whole-two-adapters"));
    expect(problem?.code).toBe("ambiguous-format");
    expect(problem?.message).toMatch(/2 PEFT adapters: first, second.*--adapter-name/);
    expect((await problemOf(input("peft/whole-two-adapters"), { adapterName: "third" }))?.message).toMatch(
      /no adapter "third".*first, second/,
    );
  });

  test("what is of the others is left out, with the reason", async () => {
    const checkpoint = await open("peft/whole-two-adapters", {
      adapterName: "second",
      adapterConfig: configOf("whole-two-adapters", "second"),
    });
    const reasons = checkpoint.dropped.map(({ name, reason }) => `${name}: ${reason}`).join("\n");
    expect(reasons).toMatch(/query\.lora_A\.first\.weight: of the adapter "first"/);
    expect(reasons).toMatch(/qa_outputs\.modules_to_save\.first\.weight: of the adapter "first"/);
    expect(reasons).toMatch(/qa_outputs\.original_module\.weight: the adapter trained its own/);
  });
});

describe("names of other methods", () => {
  test.each([
    ["lora_E", "AdaLoRA"],
    ["hada_w1_a", "LoHa"],
    ["oft_r", "OFT"],
    ["vera_lambda_b", "VeRA"],
    ["token_adapter", "trainable tokens"],
    ["lora_kasa", "a variant of LoRA"],
  ])("%s is refused by name", async (segment, method) => {
    const tensors = [`base_model.model.longformer.encoder.layer.0.attention.self.query.${segment}.default`].map((name) => ({
      name,
      sourceName: name,
      tensor: stridedTensor({
        name,
        dataType: "float32",
        shape: [1],
        storage: { source: bytesSource(new Uint8Array(4)), offset: 0, byteLength: 4 },
      }),
    }));
    const derived = await peftDerivation().derive(
      { tensors, dropped: [], metadata: new Map(), warnings: [] },
      { source: "x", files: memoryFileSet("x", {}) },
    );
    expect(derived?.problem?.code).toBe("unsupported");
    expect(derived?.problem?.message).toContain(method);
  });
});

test("an adapter's tensors in another file, with prefix and name: a Lightning checkpoint of the trained parameters alone", async () => {
  const base = await open("huggingface/question-answering");
  const files = directoryFileSet(join(fixturesFolder, "peft/patterns"));
  const alone = await converter.open({ files });
  const tensors = alone.tensors.map(({ sourceName, tensor }) => {
    const name = `model.${sourceName.replace(/lora_([AB])\.weight$/, "lora_$1.default.weight")}`;
    return { name, sourceName: name, tensor };
  });
  const contents = { tensors, dropped: [], metadata: new Map(), warnings: [] };
  const derived = await peftDerivation().derive(contents, { source: "x", files, openBase: async () => base });
  const expected = (await open("peft/patterns", { base: input("huggingface/question-answering") })).weights();
  expect(derived?.problem).toBeUndefined();
  const found = new Map(derived?.tensors.map(({ name, tensor }) => [name, tensor]));
  for (const [name, weight] of expected) expect((await bytesOf(found.get(name))).equals(await bytesOf(weight))).toBe(true);
});

test("a base that is there but cannot be read is named, not asked for", async () => {
  const module = "base_model.model.longformer.encoder.layer.0.attention.self.query";
  const tensors = [`${module}.lora_A.default.weight`, `${module}.lora_B.default.weight`].map((name) => ({
    name,
    sourceName: name,
    tensor: stridedTensor({
      name,
      dataType: "float32",
      shape: [1, 1],
      storage: { source: bytesSource(new Uint8Array(4)), offset: 0, byteLength: 4 },
    }),
  }));
  const unreadable = [{ name: `${module}.base_layer.weight`, sourceName: `model.${module}.base_layer.weight`, reason: "it is quantised." }];
  const contents = { tensors, unreadable, dropped: [], metadata: new Map(), warnings: [] };
  const derived = await peftDerivation().derive(contents, { source: "x", files: memoryFileSet("x", {}) });
  expect(derived?.problem?.message).toMatch(/cannot be merged, since "model\..*base_layer\.weight" cannot be read: it is quantised/);
});

test("a merged model converts, and comes back equal", async () => {
  const merged = await open("peft/all-linear", { base: input("huggingface/question-answering") });
  const sink = memoryDirectorySink("out");
  await converter.convert(converter.plan(merged, { target: "hf" }), { sink });
  expect([...sink.files.keys()]).toContain("vocab.json");
  const back = await converter.open({ files: memoryFileSet("out", sink.files) });
  expect(await converter.verify(merged, back)).toMatchObject({ equal: true, differing: 0 });
});
