import { expect, test } from "vitest";
import { sample } from "../../test/sample-model.ts";
import { heads } from "../longformer/head.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { canonicalRules } from "./canonical-rules.ts";
import { compileLayout } from "./compile-layout.ts";

test.each(heads)("every parameter of the head %s is written under its canonical name, as it lies", (head) => {
  const spec = createLongformerSpec(sample({ tie_word_embeddings: false }), head);
  const { parameters } = compileLayout({ name: "canonical", rules: canonicalRules }, spec);
  expect(parameters.map(({ name, shape, transpose }) => ({ name, shape, transpose }))).toEqual(
    spec.parameters.map(({ name, shape }) => ({ name, shape, transpose: false })),
  );
});
