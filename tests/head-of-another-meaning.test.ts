import { describe, expect, test } from "vitest";
import { converter, openFixture } from "./kept-forms.ts";

describe("a plain linear layer on the first token, named classifier", () => {
  test("is offered as no other head without saying how that one computes; the trunk can be had", async () => {
    const checkpoint = await openFixture("linear-head/linear-head.ckpt");
    expect(checkpoint.problem?.code).toBe("head-unknown");
    expect(checkpoint.problem?.message).toMatch(
      /classifier\.weight \[3, 16\], classifier\.bias \[3\] are named as in the heads token-classification and multiple-choice, and no configuration says which is meant\. token-classification computes one linear layer on every token, for labels of tokens; multiple-choice computes a linear layer of one row on the pooled first token.*--head model takes the trunk and leaves them out/,
    );
    await checkpoint.close();
  });

  test("nor where the configuration names the head for texts, whose classifier is another", async () => {
    const bare = await openFixture("linear-head/linear-head.ckpt", { head: "model" });
    const config = { ...bare.config?.source, architectures: ["LongformerForSequenceClassification"] };
    const checkpoint = await openFixture("linear-head/linear-head.ckpt", { config });
    expect(checkpoint.problem?.message).toContain(
      "the configuration says sequence-classification, which has other parameters (it computes two linear layers with tanh between them on the first token, for labels of the text)",
    );
    for (const { close } of [bare, checkpoint]) await close();
  });

  test("--head model converts the trunk and says what is left out; a head that is said is believed, as far as its shapes allow", async () => {
    const trunk = await openFixture("linear-head/linear-head.ckpt", { head: "model" });
    expect(trunk.problem).toBeUndefined();
    expect(trunk.warnings).toContain(
      "The trunk alone is taken (--head model): classifier.weight, classifier.bias of the file's head are left out.",
    );
    const { problem, dropped } = converter.plan(trunk, { target: "hf" });
    expect(problem).toBeUndefined();
    expect(dropped.filter(({ name }) => name.startsWith("classifier."))).toEqual(
      ["classifier.weight", "classifier.bias"].map((name) => ({ name, reason: 'not a parameter of the head "model"' })),
    );
    const tokens = await openFixture("linear-head/linear-head.ckpt", { head: "token-classification" });
    expect(tokens.problem).toBeUndefined();
    const choice = await openFixture("linear-head/linear-head.ckpt", { head: "multiple-choice" });
    expect(choice.problem?.message).toContain(
      "classifier.weight [3, 16] is named as in the head multiple-choice, but that computes a linear layer of one row",
    );
    for (const { close } of [trunk, tokens, choice]) await close();
  });
});
