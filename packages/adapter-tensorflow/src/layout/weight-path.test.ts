import fc from "fast-check";
import { expect, test } from "vitest";
import { dottedName, weightPath } from "./weight-path.ts";

test.each([
  ["longformer/encoder/layer_._11/attention/self/query_global/kernel:0", "longformer.encoder.layer.11.attention.self.query_global.kernel"],
  ["longformer/embeddings/word_embeddings/weight:0", "longformer.embeddings.word_embeddings.weight"],
  ["lm_head/bias:0", "lm_head.bias"],
  ["layer_._0", "layer.0"],
])("%s is %s", (path, name) => {
  expect(dottedName(path)).toBe(name);
  expect(weightPath(name)).toBe(path.endsWith(":0") ? path : `${path}:0`);
});

test("every dotted name comes back from its path", () => {
  const segment = fc.oneof(fc.constantFrom("layer", "encoder", "LayerNorm", "kernel"), fc.nat(99).map(String));
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (segments) => {
      const name = segments.join(".");
      expect(dottedName(weightPath(name))).toBe(name);
    }),
  );
});
