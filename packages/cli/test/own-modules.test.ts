import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand, runDocument, runJson } from "./run-command.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const model = join(root, "fixtures/huggingface/question-answering");
const ownRuntime = join(root, "examples/custom-runtime/own-runtime.ts");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-modules-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("--runtime takes a module of the user's", () => {
  test("whose values are the reference's", async () => {
    const inputs = join(folder, "inputs.json");
    await writeFile(inputs, JSON.stringify({ input_ids: [[0, 5, 2, 2, 7, 8, 2]] }));
    const values = async (runtime: string): Promise<unknown> => {
      const { code, document } = await runDocument("run", model, "--inputs", inputs, "--runtime", runtime);
      expect({ code, document }).toMatchObject({
        code: 0,
        document: { runtime: runtime === "reference" ? "reference" : "own", reason: "asked for" },
      });
      return (document as { readonly outputs: unknown }).outputs;
    };
    const reference = await values("reference");
    expect(reference).toBeDefined();
    expect(await values(`./${relative(process.cwd(), ownRuntime)}`)).toEqual(reference);
    expect(await values(ownRuntime)).toEqual(reference);
  });

  test.each([
    ["a file that is not there", "./no-such.ts", "--runtime ./no-such.ts cannot be loaded"],
    ["a package that is not there", "@nobody/no-such-runtime", "cannot be loaded"],
    ["a module without a runtime", "./packages/core/src/errors/error-codes.ts", "its default export is no runtime"],
    ["a name that is none", "gpu", 'There is no runtime "gpu". There are: auto, webgpu, ort, reference; or give a module'],
  ])("%s is told", async (_, runtime, message) => {
    const path = runtime.startsWith("./packages") ? join(root, runtime) : runtime;
    const { code, error } = await runCommand("run", model, "--inputs", join(folder, "inputs.json"), "--runtime", path);
    expect({ code, error }).toEqual({ code: 2, error: expect.stringContaining(message) as string });
  });

  describe("or a package that is installed in the working folder, wherever the command itself is", () => {
    const packages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "own-runtime": { "package.json": '{ "type": "module", "exports": { "import": "./own.js" } }', "own.js": 'export default "own";' },
      "has-no-exports": { "package.json": '{ "type": "module", "exports": { "./other": "./other.js" } }' },
      "has-no-file": { "package.json": '{ "type": "module", "exports": "./gone.js" }' },
      "has-no-main": { "package.json": '{ "main": "./gone.js" }' },
      "@longspan/safetensors": { "package.json": '{ "type": "module", "exports": { "./other": "./other.js" } }' },
      "is-no-json": { "package.json": "{" },
      "throws-in-code": { "package.json": '{ "exports": "./own.cjs" }', "own.cjs": 'throw new Error("no licence was found");' },
      "needs-another": { "package.json": '{ "type": "module", "exports": "./own.js" }', "own.js": 'import "no-such-dependency";' },
    };
    beforeAll(async () => {
      for (const [name, files] of Object.entries(packages)) {
        const installed = join(folder, "node_modules", name);
        await mkdir(installed, { recursive: true });
        for (const [file, text] of Object.entries(files)) await writeFile(join(installed, file), text);
      }
      await writeFile(join(folder, "ids.json"), JSON.stringify({ input_ids: [[0, 5, 2]] }));
    });

    test.each([
      ["whose default export is none", "own-runtime", "--runtime own-runtime: its default export is no runtime"],
      ["or that the command brings itself", "@longspan/pickle", "--runtime @longspan/pickle: its default export is no runtime"],
      [
        "that is in neither",
        "no-such-runtime",
        /--runtime no-such-runtime cannot be loaded: Cannot find package 'no-such-runtime' imported from \S*longspan-modules-\S*package\.json\./,
      ],
      [
        "without an entry for its name",
        "has-no-exports",
        /--runtime has-no-exports cannot be loaded: No "exports" main defined in \S*has-no-exports/,
      ],
      [
        "that the command brings, too, but without an entry here",
        "@longspan/safetensors",
        /cannot be loaded: No "exports" main defined in \S*longspan-modules-/,
      ],
      ["whose file is not there", "has-no-file", /--runtime has-no-file cannot be loaded: Cannot find module '\S*gone\.js'/],
      [
        "whose main file is not there",
        "has-no-main",
        /--runtime has-no-main cannot be loaded: Cannot find package '\S*longspan-modules-\S*has-no-main\S*'/,
      ],
      ["whose package.json is no JSON", "is-no-json", /--runtime is-no-json cannot be loaded: Invalid package config \S*is-no-json/],
      ["whose code throws", "throws-in-code", "--runtime throws-in-code cannot be loaded: no licence was found."],
      [
        "whose dependency is not there",
        "needs-another",
        /--runtime needs-another cannot be loaded: Cannot find package 'no-such-dependency' imported from \S*needs-another/,
      ],
    ])("%s", async (_, name, message) => {
      const command = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
      const words = ["--conditions=@longspan/source", "--disable-warning=ExperimentalWarning", command];
      const complaint = await new Promise<string>((resolve) => {
        execFile(
          process.execPath,
          [...words, "run", model, "--inputs", "ids.json", "--runtime", name],
          { cwd: folder },
          (_failed, _out, error) => resolve(error),
        );
      });
      expect(complaint).toMatch(message);
    });
  });
});

describe("--head takes a module of the user's", () => {
  const source = join(root, "fixtures/custom-head/span-ner");
  const head = join(root, "examples/custom-head/span-ner.ts");

  test("which travels through inspect, convert, verify and run", async () => {
    const [paddle, onnx, inputs] = [join(folder, "spans-paddle"), join(folder, "spans.onnx"), join(folder, "spans.json")];
    await writeFile(inputs, JSON.stringify({ input_ids: [[0, 5, 9, 7, 8, 2]] }));
    expect(await runDocument("inspect", source, "--head", head)).toMatchObject({ code: 0, document: { head: "span-ner", problem: null } });
    for (const [target, output] of [
      ["paddle", paddle],
      ["onnx", onnx],
    ] as const)
      expect(await runDocument("convert", source, "--head", head, "--strict", "--to", target, "-o", output)).toMatchObject({
        code: 0,
        document: { head: "span-ner", unexpected: [] },
      });
    const verified = await runDocument("verify", source, paddle, "--head", head, "--forward");
    expect(verified).toMatchObject({ code: 0, document: { equal: true, forward: { equal: true } } });
    const run = async (model: string): Promise<unknown> => (await runDocument("run", model, "--head", head, "--inputs", inputs)).document;
    const outputs = await run(source);
    expect(outputs).toMatchObject({ head: "span-ner", outputs: { start_logits: { shape: [1, 6, 3] }, end_logits: { shape: [1, 6, 3] } } });
    expect(await run(onnx)).toMatchObject({ outputs: (outputs as { readonly outputs: object }).outputs });
  });

  test.each([
    ["a name that is none", "qa", 'There is no head "qa". There are: model, question-answering'],
    ["a module without a head", join(root, "packages/core/src/errors/error-codes.ts"), "its default export is no head"],
  ])("%s is told", async (_, given, message) => {
    const { code, error } = await runCommand("inspect", source, "--head", given);
    expect({ code, error }).toEqual({ code: 2, error: expect.stringContaining(message) as string });
  });

  test.each([
    ["a head of one's own", head, "span-ner", 8],
    ["a head of transformers'", "masked-lm", "masked-lm", 5],
  ])("whose parameters the file lacks is told what they are: %s", async (_, given, name, count) => {
    const { document } = await runJson("inspect", model, "--head", given);
    expect(document).toMatchObject({
      head: name,
      problem: {
        code: "weights-mismatch",
        message: expect.stringContaining(`lacks ${count} of the parameters of a Longformer with 2 layers and the head "${name}"`) as string,
      },
    });
    const { code, error } = await runCommand("inspect", model, "--head", given);
    expect({ code, error }).toEqual({
      code: 0,
      error: expect.stringContaining(
        `says LongformerForQuestionAnswering, but the head that was given is "${name}": the file has none of its ${count} parameters.`,
      ) as string,
    });
  });

  test("commands that read text say that it is not theirs", async () => {
    const { code, error } = await runCommand("fill", source, "--head", head, "--text", "a <mask>");
    expect({ code, error }).toEqual({
      code: 1,
      error: expect.stringContaining("has the head span-ner; longspan fill needs masked-lm") as string,
    });
  });
});

test("--strict as JSON names its code", async () => {
  const { document } = await runJson("convert", model, "--to", "hf", "-o", join(folder, "coded"), "--strict");
  expect(document).toMatchObject({ error: { code: "unexpected" } });
});

describe("--strict makes an error of what is otherwise a note", () => {
  test("a model as it should be passes", async () => {
    expect(await runCommand("convert", model, "--to", "paddle", "-o", join(folder, "strict"), "--strict")).toMatchObject({ code: 0 });
  });

  test("a tensor that is no parameter, and a note of the plan: nothing is written", async () => {
    const averaged = join(root, "fixtures/several/average.ckpt");
    const output = join(folder, "again");
    expect(await runCommand("convert", model, "--to", "hf", "-o", output, "--strict")).toMatchObject({
      code: 1,
      error: expect.stringMatching(/with --strict nothing may be unexpected[^]*already is in the layout/) as string,
    });
    expect(await runCommand("convert", averaged, "--prefix", "average.", "--to", "hf", "-o", output, "--strict")).toMatchObject({
      code: 1,
      error: expect.stringContaining("tensors are no parameters of this model: average.n_averaged") as string,
    });
    await expect(stat(output)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

test("an adapter's own bug is told as one that may be the adapter's", async () => {
  const adapter = join(folder, "faulty.mjs");
  const container = `{ name: "faulty", entryNames: ["model.faulty"], detect: () => ({ specificity: 99, evidence: "all" }), open: () => JSON.parse("{") }`;
  await writeFile(
    adapter,
    `export default { specificationVersion: 1, name: "faulty", containers: [${container}], envelopes: [], layouts: [], targets: [] };`,
  );
  const { code, error } = await runCommand("inspect", model, "--adapter", adapter);
  expect(code).toBe(70);
  expect(error).toContain(`This is a bug in longspan, or in ${adapter}, which it was given. Please report it`);
});
