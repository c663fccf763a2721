import { describe, expect, test } from "vitest";
import { plainLayout, turnedLayout } from "../../test/sample-model.ts";
import type { EnvelopeTensor } from "../adapter/envelope.ts";
import type { Layout } from "../adapter/layout.ts";
import type { Orientation } from "../checkpoint/checkpoint.ts";
import { bytesSource } from "../bytes/bytes-source.ts";
import { elementCount } from "../tensor/data-type.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { decideOrientation } from "./decide-orientation.ts";
import { matchLayout } from "./match-layout.ts";

/** What files have of a layer whose matrices are square and tell nothing. */
const squares = {
  "encoder.layer.0.attention.self.query.weight": [4, 4],
  "encoder.layer.0.attention.self.query.bias": [4],
};
const layer = "encoder.layer.0.intermediate.dense";

function orientation(layout: Layout, shapes: Readonly<Record<string, readonly number[]>>): Orientation | undefined {
  const tensors = Object.entries({ ...squares, ...shapes }).map(([name, shape]): EnvelopeTensor => {
    const byteLength = elementCount(shape);
    const storage = { source: bytesSource(new Uint8Array(byteLength)), offset: 0, byteLength };
    return { name, sourceName: `file.${name}`, tensor: stridedTensor({ name, dataType: "uint8", shape, storage }) };
  });
  const renamed = tensors.map((tensor) => ({ ...tensor, name: layout === turnedLayout ? turned(tensor.name) : tensor.name }));
  const match = matchLayout(renamed, [layout]);
  if (match === undefined) throw new Error("the layout reads no name");
  return decideOrientation(renamed, match);
}

const turned = (name: string): string => name.replace("encoder.layer", "layers");

describe("a rectangular matrix lies as its bias is long", () => {
  test.each<[string, Layout, readonly number[], Orientation | undefined]>([
    ["[out, in], and the layout says so", plainLayout, [6, 4], "declared"],
    ["[in, out], and the layout says [out, in]", plainLayout, [4, 6], "transposed"],
    ["[in, out], and the layout says so", turnedLayout, [4, 6], "declared"],
    ["[out, in], and the layout says [in, out]", turnedLayout, [6, 4], "transposed"],
    ["square", plainLayout, [6, 6], undefined],
    ["of neither length", plainLayout, [5, 4], undefined],
    ["no matrix", plainLayout, [6, 4, 1], undefined],
    ["a list", plainLayout, [6], undefined],
  ])("%s", (_name, layout, shape, expected) => {
    expect(orientation(layout, { [`${layer}.weight`]: shape, [`${layer}.bias`]: [6] })).toBe(expected);
  });

  test("without a bias, or with one that is no list, nothing shows it", () => {
    expect(orientation(plainLayout, { [`${layer}.weight`]: [6, 4] })).toBeUndefined();
    expect(orientation(plainLayout, { [`${layer}.weight`]: [6, 4], [`${layer}.bias`]: [6, 1] })).toBeUndefined();
  });

  test("a normalization's vectors and tables without a bias are no linear weights", () => {
    const shapes = { "embeddings.word_embeddings.weight": [9, 4], "embeddings.LayerNorm.weight": [4], "embeddings.LayerNorm.bias": [4] };
    expect(orientation(plainLayout, shapes)).toBeUndefined();
  });

  test("what the layout leaves out says nothing", () => {
    const shapes = { [`${layer}.weight`]: [6, 4], [`${layer}.bias`]: [6], "embeddings.position_ids": [1, 9] };
    expect(orientation(plainLayout, shapes)).toBe("declared");
  });

  test("one that contradicts the others is named with one of them, in either order", () => {
    const mixed = {
      [`${layer}.weight`]: [6, 4],
      [`${layer}.bias`]: [6],
      "encoder.layer.0.output.dense.weight": [6, 4],
      "encoder.layer.0.output.dense.bias": [4],
    };
    for (const shapes of [mixed, Object.fromEntries(Object.entries(mixed).toReversed())]) {
      expect(() => orientation(plainLayout, shapes)).toThrow(
        expect.objectContaining({
          code: "orientation-mixed",
          message: expect.stringMatching(
            /^"file\.encoder\.layer\.0\.intermediate.*lies as the layout "plain" says, but "file\.encoder\.layer\.0\.output/,
          ),
          details: { declared: `file.${layer}.weight`, transposed: "file.encoder.layer.0.output.dense.weight" },
        }),
      );
    }
  });
});

describe("a decoder that may be a tied copy", () => {
  const decoder = { "lm_head.decoder.weight": [4, 9], "lm_head.decoder.bias": [9] };

  test("is heard where nothing else speaks", () => {
    expect(orientation(plainLayout, decoder)).toBe("transposed");
  });

  test("is not heard against another", () => {
    expect(orientation(plainLayout, { ...decoder, [`${layer}.weight`]: [6, 4], [`${layer}.bias`]: [6] })).toBe("declared");
    expect(
      orientation(plainLayout, { ...decoder, "lm_head.decoder.weight": [9, 4], [`${layer}.weight`]: [4, 6], [`${layer}.bias`]: [6] }),
    ).toBe("transposed");
  });
});
