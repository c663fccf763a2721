import { type Checkpoint, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { checkTies } from "@longspan/core/adapter";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { converter, openFixture } from "./kept-forms.ts";

/** The same seeded model as transformers saves it, with both names of each tie in one storage. */
let truth: Checkpoint;
beforeAll(async () => {
  truth = await openFixture("torch/heads/masked-lm/pytorch_model.bin");
});
afterAll(() => truth.close());

describe.each([
  ["tied/save-model", "declared"],
  ["tied/decoder-alone/pytorch_model.bin", "declared"],
  ["tied/decoder-alone/lightning.ckpt", "declared"],
  ["tied/decoder-alone-sharded", "declared"],
  ["tied/paddle-decoder-alone", "declared"],
  ["tied/paddle-axes", "transposed"],
  ["tied/paddle-axes-but-decoder", "transposed"],
] as const)("%s", (path, orientation) => {
  test("is the whole model", async () => {
    const checkpoint = await openFixture(path);
    expect(checkpoint).toMatchObject({ head: "masked-lm", orientation, problem: undefined, unreadable: [] });
    await expect(checkTies(checkpoint)).resolves.toBeUndefined();
    expect(await converter.verify(truth, checkpoint)).toMatchObject({ equal: true, onlyInA: [], onlyInB: [] });
    await checkpoint.close();
  });

  test.each(["hf", "torch", "lightning", "paddle", "paddle-safetensors"])("becomes %s", async (target) => {
    const checkpoint = await openFixture(path);
    const sink = memoryDirectorySink("out");
    await converter.convert(converter.plan(checkpoint, { target }), { sink });
    const written = await converter.open({ files: memoryFileSet("out", sink.files) });
    expect(await converter.verify(truth, written)).toMatchObject({ equal: true, onlyInA: [], onlyInB: [] });
    await written.close();
    await checkpoint.close();
  });

  test("untied by its configuration, the decoder stands for nothing else", async () => {
    const config = { ...truth.config?.source, tie_word_embeddings: false };
    const checkpoint = await openFixture(path, { config });
    const { missing, problem } = converter.plan(checkpoint, { target: "hf" });
    const has = (name: string): boolean => !missing.some((one) => one.name === name);
    const { tensors } = checkpoint;
    expect(tensors.find(({ sourceName }) => sourceName.endsWith("lm_head.decoder.weight"))).toMatchObject({
      canonicalName: "lm_head.decoder.weight",
    });
    // save_model says in the file's metadata which name stands for which.
    const named = path === "tied/save-model" || orientation === "transposed";
    expect({ embeddings: has("embeddings.word_embeddings.weight"), bias: has("lm_head.bias") }).toEqual({ embeddings: named, bias: named });
    if (!named) expect(problem?.code).toBe("weights-mismatch");
    await checkpoint.close();
  });
});
