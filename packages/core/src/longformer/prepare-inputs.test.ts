import { describe, expect, test } from "vitest";
import type { Tensor } from "../tensor/tensor.ts";
import { tinyConfig } from "../testing/longformer-cases.ts";
import { globalAttentionPolicy } from "./head-definition.ts";

import { prepareInputs, type RawLongformerInputs } from "./prepare-inputs.ts";
import type { Head } from "./head.ts";

const prepared = (head: Head, raw: RawLongformerInputs, config = tinyConfig): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(prepareInputs(config, head, raw)).map(([name, { data }]) => [name, Array.from(data)]));
const unknownInput: RawLongformerInputs & { readonly labels: number[][] } = { input_ids: [[3]], labels: [[1]] };
const twoSeparators = { ...tinyConfig, source: { longspan: { questionAnsweringSeparators: 2 } } };
const refusal = (head: Head, raw: RawLongformerInputs, config = tinyConfig): unknown => {
  try {
    prepareInputs(config, head, raw);
    return "nothing was thrown";
  } catch (error) {
    return error;
  }
};

describe("prepareInputs", () => {
  test("fills in masks, positions and token types", () => {
    expect(prepared("model", { input_ids: [[1, 7, 8, 1, 9]] })).toEqual({
      input_ids: [1, 7, 8, 1, 9],
      attention_mask: [1, 1, 1, 1, 1],
      global_attention_mask: [0, 0, 0, 0, 0],
      // Padding has the padding id; the others count on, past padding in between.
      position_ids: [1, 2, 3, 1, 4],
      token_type_ids: [0, 0, 0, 0, 0],
    });
  });

  test("counts positions from the padding id, whatever it is", () => {
    expect(prepared("model", { input_ids: [[5, 0, 1]] }, { ...tinyConfig, padTokenId: 0 }).position_ids).toEqual([1, 0, 2]);
    expect(prepared("model", { input_ids: [[5, 0, 1]] }, { ...tinyConfig, padTokenId: 5 }).position_ids).toEqual([5, 6, 7]);
  });

  test("keeps what is given, and takes a 2 in the mask for global", () => {
    const given = { attention_mask: [[2, 1, 0]], position_ids: [[9, 8, 7]], token_type_ids: [[0, 1, 0]] };
    expect(prepared("sequence-classification", { input_ids: [[3, 4, 5]], ...given })).toMatchObject({
      attention_mask: [1, 1, 0],
      global_attention_mask: [1, 0, 0],
      position_ids: [9, 8, 7],
      token_type_ids: [0, 1, 0],
    });
    expect(
      prepared("sequence-classification", { input_ids: [[3, 4, 5]], global_attention_mask: [[0, 0, 1]] }).global_attention_mask,
    ).toEqual([0, 0, 1]);
  });

  test("takes tensors of any integer type, and changes none", () => {
    const ids: Tensor = { dataType: "int64", shape: [1, 3], data: BigInt64Array.of(3n, 4n, 5n) };
    const mask: Tensor = { dataType: "bool", shape: [1, 3], data: Uint8Array.of(1, 1, 0) };
    expect(prepared("model", { input_ids: ids, attention_mask: mask })).toMatchObject({ input_ids: [3, 4, 5], attention_mask: [1, 1, 0] });
    const kept: Tensor = { dataType: "int32", shape: [1, 3], data: Int32Array.of(2, 1, 1) };
    prepareInputs(tinyConfig, "model", { input_ids: ids, attention_mask: kept });
    expect(Array.from(kept.data)).toEqual([2, 1, 1]);
  });

  test("takes vectors in place of ids: every position counts", () => {
    const vectors: Tensor = { dataType: "float32", shape: [1, 2, 24], data: new Float32Array(48) };
    const inputs = prepareInputs(tinyConfig, "model", { inputs_embeds: vectors });
    expect(inputs.inputs_embeds?.shape).toEqual([1, 2, 24]);
    expect(Array.from(inputs.position_ids?.data ?? [])).toEqual([2, 3]);
    expect(prepared("sequence-classification", { inputs_embeds: vectors }).global_attention_mask).toEqual([1, 0]);
    expect(refusal("question-answering", { inputs_embeds: vectors })).toMatchObject({
      code: "inputs-invalid",
      details: { input: "global_attention_mask" },
    });
    expect(refusal("model", { inputs_embeds: { ...vectors, shape: [1, 4, 12] } })).toMatchObject({ code: "inputs-invalid" });
  });

  test.each<[string, RawLongformerInputs, RegExp]>([
    ["nothing", {}, /Neither input_ids nor inputs_embeds is given/],
    [
      "halves",
      { input_ids: { dataType: "float16", shape: [1, 2], data: Uint16Array.of(3, 4) } },
      /input_ids is float16; it takes integers/,
    ],
    ["both", { input_ids: [[3]], inputs_embeds: [[[0]]] }, /Both input_ids and inputs_embeds/],
    ["an unknown name", unknownInput, /"labels" is not an input of a Longformer; inputs are input_ids, /],
    ["one axis", { input_ids: [3, 4] }, /input_ids has shape \[2\]; it has 2 axes: batch, sequence/],
    ["ragged rows", { input_ids: [[3, 4], [5]] }, /input_ids is ragged: along sequence row 1 has 1 and row 0 has 2/],
    ["numbers beside lists", { input_ids: [[3, 4], 5] }, /mixes numbers and lists/],
    ["too deep", { input_ids: [[[3]]] }, /nested deeper than its 2 axes/],
    ["no tokens", { input_ids: [[]] }, /each axis \(batch, sequence\) has a size of 1 or more/],
    ["no rows", { input_ids: [] }, /has shape \[0\]/],
    ["a fraction", { input_ids: [[3, 4.5]] }, /input_ids holds 4.5 at \[0, 1\]/],
    ["a bigint beyond 32 bits", { input_ids: [[3n, 2n ** 40n]] }, /holds 1099511627776 at \[0, 1\]/],
    ["another mask", { input_ids: [[3, 4]], attention_mask: [[1]] }, /attention_mask has shape \[1, 1\]; expected \[1, 2\]/],
  ])("refuses %s", (_, raw, message) => {
    expect(refusal("model", raw)).toMatchObject({ code: "inputs-invalid", message: expect.stringMatching(message) as string });
  });

  test("refuses a row with more tokens than positions, and says how many there are", () => {
    const ids = (tokens: number, padding: number): number[][] => [[...Array<number>(tokens).fill(5), ...Array<number>(padding).fill(1)]];
    expect(prepared("model", { input_ids: ids(68, 9) }).position_ids?.[67]).toBe(69);
    expect(refusal("model", { input_ids: ids(69, 0) })).toMatchObject({
      code: "sequence-too-long",
      details: { row: 0, tokens: 69, limit: 68 },
    });
  });
});

describe("global attention", () => {
  const row = [0, 7, 8, 2, 2, 9, 10, 2, 1];

  test("question answering: the tokens before the first of three separators", () => {
    expect(prepared("question-answering", { input_ids: [row] }).global_attention_mask).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  test("question answering as trained on TriviaQA: before the first of two", () => {
    expect(prepared("question-answering", { input_ids: [[0, 7, 2, 9, 10, 2]] }, twoSeparators).global_attention_mask).toEqual([
      1, 1, 0, 0, 0, 0,
    ]);
    expect(globalAttentionPolicy({ ...twoSeparators, eosTokenId: 5 }, "question-answering")).toMatchObject({
      tokenId: 5,
      tokenKey: "eos_token_id",
      count: 2,
    });
  });

  test("multiple choice: the tokens more than one behind the first of three", () => {
    expect(prepared("multiple-choice", { input_ids: [[row, [0, 2, 5, 2, 2, 6, 7, 8, 9]]] }).global_attention_mask).toEqual([
      0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1,
    ]);
    expect(prepared("multiple-choice", { input_ids: [[[5, 2, 2, 2]]] }).global_attention_mask).toEqual([0, 0, 0, 1]);
  });

  test("sequence classification: the first token; the others: none", () => {
    expect(prepared("sequence-classification", { input_ids: [row, row] }).global_attention_mask).toEqual([
      1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    for (const head of ["model", "masked-lm", "token-classification"] as const)
      expect(prepared(head, { input_ids: [row] }).global_attention_mask).not.toContain(1);
  });

  test("another number of separators is refused, with the row and the way out", () => {
    const error = refusal("question-answering", { input_ids: [row, [0, 7, 2, 9, 10, 2, 1, 1, 1]] });
    expect(error).toMatchObject({ code: "separators-mismatch", details: { row: 1, found: 2, expected: 3 } });
    expect(String(error)).toMatch(
      /Row 1 of input_ids has 2 separators \(sep_token_id 2\).*exactly 3.*set longspan\.questionAnsweringSeparators to 2 in its config\.json/,
    );
    expect(refusal("question-answering", { input_ids: [row] }, twoSeparators)).toMatchObject({
      code: "separators-mismatch",
      details: { found: 3, expected: 2 },
    });
    expect(refusal("multiple-choice", { input_ids: [[[5, 6, 7]]] })).toMatchObject({ code: "separators-mismatch", details: { found: 0 } });
    expect(prepared("question-answering", { input_ids: [[5, 6]], global_attention_mask: [[0, 1]] }).global_attention_mask).toEqual([0, 1]);
  });

  test("a policy nobody knows is refused", () => {
    const config = { ...tinyConfig, source: { longspan: { questionAnsweringSeparators: 4 } } };
    expect(() => globalAttentionPolicy(config, "question-answering")).toThrow(expect.objectContaining({ code: "config-invalid" }));
    expect(
      globalAttentionPolicy({ ...tinyConfig, source: { longspan: { questionAnsweringSeparators: 3 } } }, "question-answering"),
    ).toMatchObject({ count: 3 });
  });
});
