import { createConverter, LongspanError, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { bytesSource } from "@longspan/core/adapter";
import { seededCheckpoint, testFormatAdapter } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import { paddle } from "./paddle.ts";
import { fixtureFiles } from "../test/fixtures.ts";

testFormatAdapter({ describe, test, expect }, () => paddle());

const converter = createConverter({ adapters: [paddle()] });
const heads = ["model", "question-answering", "masked-lm", "sequence-classification", "token-classification", "multiple-choice"] as const;

describe.each(heads)("a file of Paddle's with the head %s", (head) => {
  const { files, fileName } = fixtureFiles(`paddle/heads/${head}/model_state.pdparams`);

  test.each(converter.targets.flatMap(({ name: target }) => converter.layouts.map(({ name: layout }) => ({ target, layout }))))(
    "comes back equal through $target in $layout",
    async ({ target, layout }) => {
      const source = await converter.open({ files, fileName }, { head });
      const sink = memoryDirectorySink();
      await converter.convert(converter.plan(source, { target, layout }), { sink });
      const again = await converter.open({ files: memoryFileSet("again", sink.files) }, { head });
      expect({ layout: again.layout, orientation: again.orientation }).toEqual({ layout, orientation: "declared" });
      const verification = await converter.verify(source, again);
      expect({ equal: verification.equal, onlyInA: verification.onlyInA, onlyInB: verification.onlyInB }).toEqual({
        equal: true,
        onlyInA: [],
        onlyInB: [],
      });
      expect(verification.compared).toBe(source.tensors.length);
      await source.close();
      await again.close();
    },
  );
});

describe("the decoder of a masked language model", () => {
  const config = seededCheckpoint({ head: "masked-lm" }).config?.source ?? {};

  const target = "paddle";

  test("is a parameter of its own where the embeddings are not tied, in every layout but PaddleNLP's, which has no room for two biases", async () => {
    const source = seededCheckpoint({ head: "masked-lm", config: { ...config, tie_word_embeddings: false } });
    for (const layout of ["paddle", "paddle-hf"]) {
      const sink = memoryDirectorySink();
      await converter.convert(converter.plan(source, { target, layout }), { sink });
      const again = await converter.open({ files: memoryFileSet("again", sink.files) });
      expect(again.tensors.find((tensor) => tensor.sourceName === "lm_head.decoder.weight")).toMatchObject({
        role: "parameter",
        transposed: true,
      });
      expect(await converter.verify(source, again)).toMatchObject({ equal: true, compared: source.tensors.length });
    }
    expect(() => converter.plan(source, { target, layout: "paddle-nlp" })).toThrow(expect.objectContaining({ code: "layout-invalid" }));
  });

  test("as a transposed copy of tied embeddings is accepted when equal and refused when not", async () => {
    const untied = { ...config, tie_word_embeddings: false };
    const source = seededCheckpoint({ head: "masked-lm", config: untied });
    const tensorOf = (name: string) => source.tensors.find((tensor) => tensor.canonicalName === name)?.tensor;
    const embeddings = tensorOf("embeddings.word_embeddings.weight");
    const bias = tensorOf("lm_head.bias");
    expect.assert(embeddings !== undefined && bias !== undefined);
    const tied = {
      ...source,
      tensors: source.tensors.map((tensor) =>
        tensor.canonicalName === "lm_head.decoder.weight"
          ? { ...tensor, tensor: embeddings }
          : tensor.canonicalName === "lm_head.decoder.bias"
            ? { ...tensor, tensor: bias }
            : tensor,
      ),
    };
    const convertTied = async (written: typeof source): Promise<unknown> => {
      const sink = memoryDirectorySink();
      await converter.convert(converter.plan(written, { target }), { sink });
      const { "config.json": _, ...weights } = Object.fromEntries(sink.files);
      const opened = await converter.open({ files: memoryFileSet("again", weights) }, { config });
      expect(opened.tensors.find((tensor) => tensor.sourceName === "lm_head.decoder.weight")).toMatchObject({
        role: "alias",
        transposed: true,
      });
      return converter.convert(converter.plan(opened, { target }), { sink: memoryDirectorySink() }).catch((error: unknown) => error);
    };
    expect(await convertTied(tied)).toEqual(["memory/model_state.pdparams", "memory/config.json"]);
    expect(await convertTied(source)).toMatchObject({ code: "weights-mismatch" });
  });
});

test("an aborted open is an error of ours", async () => {
  const { files, fileName } = fixtureFiles("paddle/heads/model/model_state.pdparams");
  const source = await files.resolve(fileName);
  expect.assert(source !== undefined);
  const aborting = {
    ...bytesSource(new Uint8Array(0)),
    size: source.size,
    read: () => Promise.reject(new LongspanError("aborted", "Interrupted.")),
  };
  await expect(paddle().containers[0]?.open({ source: aborting, fileName, files })).rejects.toMatchObject({ code: "aborted" });
});
