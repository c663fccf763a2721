import { describe, expect, test } from "vitest";
import { type Checkpoint, createConverter, type DataType, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { pathInput } from "@longspan/core/node";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { onnx, type OnnxOptions } from "@longspan/runtime-ort/onnx";
import { pathOf } from "../pipelines/recorded.ts";

/** A checkpoint as ONNX, opened again. */
async function throughOnnx(source: Checkpoint, options: OnnxOptions & { readonly dataType?: DataType } = {}): Promise<Checkpoint> {
  const { dataType, ...onnxOptions } = options;
  const converter = createConverter({ adapters: [torch(), paddle(), lightning(), onnx(onnxOptions)] });
  const sink = memoryDirectorySink();
  await converter.convert(converter.plan(source, { target: "onnx", dataType }), { sink });
  return converter.open({ files: memoryFileSet("onnx", Object.fromEntries(sink.files)), fileName: "model.onnx" });
}

const converter = createConverter({ adapters: [torch(), paddle(), lightning()] });

describe("an ONNX model is a checkpoint again", () => {
  test.each(["model", "question-answering", "masked-lm"])("with every value of %s, whether its data lie beside it or not", async (name) => {
    await using source = await converter.open(await pathInput(pathOf(`../huggingface/${name}`)));
    for (const externalData of [false, true]) {
      await using back = await throughOnnx(source, { externalData });
      expect(back).toMatchObject({ container: "onnx", envelope: "onnx", head: name, problem: undefined, warnings: [] });
      expect(back.config).toEqual(source.config);
      expect(await converter.verify(source, back)).toMatchObject({ equal: true, differing: 0 });
    }
  });

  test("with rounded values, when its weights are", async () => {
    await using source = await converter.open(await pathInput(pathOf("../huggingface/question-answering")));
    await using half = await throughOnnx(source, { dataType: "float16" });
    expect((await converter.verify(source, half)).maxAbsoluteDifference).toBeLessThan(1e-3);
    await using quantized = await throughOnnx(source, { quantize: "q8" });
    expect(quantized).toMatchObject({ problem: undefined, warnings: [expect.stringMatching(/\d+ matrices are kept in 8 bits/)] });
    const { maxAbsoluteDifference, onlyInA, onlyInB } = await converter.verify(source, quantized);
    expect({ onlyInA, onlyInB }).toEqual({ onlyInA: [], onlyInB: [] });
    expect(maxAbsoluteDifference).toBeGreaterThan(0);
    expect(maxAbsoluteDifference).toBeLessThan(0.01);
  });
});
