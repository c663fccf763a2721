import {
  LongspanError,
  bytesSource,
  convertCheckpoint,
  memoryDirectorySink,
  memoryFileSet,
  openCheckpoint,
  planConversion,
  verifyCheckpoints,
} from "@longspan/core";
import { seededCheckpoint, testFormatAdapter } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import { paddle } from "./paddle.ts";
import { fixtureFiles } from "../test/fixtures.ts";

testFormatAdapter({ describe, test, expect }, () => paddle());

const adapter = paddle();
const heads = ["model", "question-answering", "masked-lm", "sequence-classification", "token-classification", "multiple-choice"] as const;

describe.each(heads)("a file of Paddle's with the head %s", (head) => {
  const { files, fileName } = fixtureFiles(`paddle/heads/${head}/model_state.pdparams`);

  test.each(adapter.targets.flatMap((target) => adapter.layouts.map((layout) => ({ target, layout }))))(
    "comes back equal through $target.name in $layout.name",
    async ({ target, layout }) => {
      const source = await openCheckpoint({ files, fileName }, { adapters: [adapter], head });
      const sink = memoryDirectorySink();
      await convertCheckpoint(planConversion(source, { target, layout }), { sink });
      const again = await openCheckpoint({ files: memoryFileSet("again", sink.files) }, { adapters: [adapter], head });
      expect({ layout: again.layout, orientation: again.orientation }).toEqual({ layout: layout.name, orientation: "declared" });
      const verification = await verifyCheckpoints(source, again);
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

  test("is a parameter of its own where the embeddings are not tied, in every layout but PaddleNLP's, which has no room for two biases", async () => {
    const source = seededCheckpoint({ head: "masked-lm", config: { ...config, tie_word_embeddings: false } });
    for (const name of ["paddle", "paddle-hf"]) {
      const layout = adapter.layouts.find((candidate) => candidate.name === name);
      const [target] = adapter.targets;
      expect.assert(layout !== undefined && target !== undefined);
      const sink = memoryDirectorySink();
      await convertCheckpoint(planConversion(source, { target, layout }), { sink });
      const again = await openCheckpoint({ files: memoryFileSet("again", sink.files) }, { adapters: [adapter] });
      expect(again.tensors.find((tensor) => tensor.sourceName === "lm_head.decoder.weight")).toMatchObject({
        role: "parameter",
        transposed: true,
      });
      expect(await verifyCheckpoints(source, again)).toMatchObject({ equal: true, compared: source.tensors.length });
    }
    const nlp = adapter.layouts.find(({ name }) => name === "paddle-nlp");
    const [target] = adapter.targets;
    expect.assert(nlp !== undefined && target !== undefined);
    expect(() => planConversion(source, { target, layout: nlp })).toThrow(expect.objectContaining({ code: "layout-invalid" }));
  });

  test("as a transposed copy of tied embeddings is accepted when equal and refused when not", async () => {
    const untied = { ...config, tie_word_embeddings: false };
    const source = seededCheckpoint({ head: "masked-lm", config: untied });
    const tensorOf = (name: string) => source.tensors.find((tensor) => tensor.canonicalName === name)?.tensor;
    const [target] = adapter.targets;
    const embeddings = tensorOf("embeddings.word_embeddings.weight");
    const bias = tensorOf("lm_head.bias");
    expect.assert(target !== undefined && embeddings !== undefined && bias !== undefined);
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
      await convertCheckpoint(planConversion(written, { target }), { sink });
      const { "config.json": _, ...weights } = Object.fromEntries(sink.files);
      const opened = await openCheckpoint({ files: memoryFileSet("again", weights) }, { adapters: [adapter], config });
      expect(opened.tensors.find((tensor) => tensor.sourceName === "lm_head.decoder.weight")).toMatchObject({
        role: "alias",
        transposed: true,
      });
      return convertCheckpoint(planConversion(opened, { target }), { sink: memoryDirectorySink() }).catch((error: unknown) => error);
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
