import { describe, expect, test } from "vitest";
import { converter, openFixture } from "./kept-forms.ts";

describe("a model and torch's running average of it, in one Lightning checkpoint", () => {
  test("both are named, with what differs", async () => {
    const checkpoint = await openFixture("several/average.ckpt");
    expect(checkpoint.problem).toMatchObject({ code: "ambiguous-format" });
    expect(checkpoint.problem?.message).toMatch(
      /two models lie in the file, under "model\.longformer\." \(53 tensors\), "average\.longformer\." \(54 tensors; the same names and shapes as the first\)/,
    );
    await checkpoint.close();
  });

  test("each is read alone, with its own head and values; one line tells of the other", async () => {
    const [model, average] = [
      await openFixture("several/average.ckpt", { prefix: "model." }),
      await openFixture("several/average.ckpt", { prefix: "average." }),
    ];
    expect(model).toMatchObject({ head: "sequence-classification", problem: undefined });
    expect(average.warnings).toContain('53 tensors of other models, under "model.longformer.", are left out.');
    const plan = converter.plan(average, { target: "hf" });
    expect(plan.unexpected.map(({ name }) => name)).toEqual(["average.n_averaged"]);
    const name = "classifier.out_proj.weight";
    const values = await Promise.all(
      [model, average].map(async (checkpoint) => (await checkpoint.weights().get(name)?.read())?.data as Float32Array),
    );
    expect(values[1]).toEqual(values[0]?.map((value) => 2 * value));
    const truth = await openFixture("torch/heads/sequence-classification/pytorch_model.bin");
    expect(await converter.verify(truth, model)).toMatchObject({ equal: true });
    for (const checkpoint of [model, average, truth]) await checkpoint.close();
  });
});
