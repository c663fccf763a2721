import { readFileSync } from "node:fs";
import * as onnxRuntimeNode from "onnxruntime-node";
import * as onnxRuntimeWeb from "onnxruntime-web";
import { describe, expect, test } from "vitest";
import type { Runtime, Session } from "@longspan/core/runtime";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import { questionAnswering, type Answer } from "@longspan/pipelines";
import { maxDifference } from "../forward-parity.ts";
import { pathOf } from "../pipelines/recorded.ts";
import { convertToOnnx } from "./convert-to-onnx.ts";
import { onnxFileRuntime } from "./onnx-file-runtime.ts";

const folder = pathOf("../../examples/train-lightning-qa/model");
const model = `${folder}/longformer-qa.ckpt`;
const context = readFileSync(`${folder}/document.txt`, "utf8");
const questions: readonly { readonly question: string; readonly answer: string; readonly start: number; readonly end: number }[] =
  JSON.parse(readFileSync(`${folder}/questions.json`, "utf8"));

type Outputs = Awaited<ReturnType<Session["run"]>>;

/** The best answer to each question, and the logits it came of. */
async function ask(runtime: Runtime): Promise<{ readonly answers: readonly Answer[]; readonly logits: readonly Outputs[] }> {
  const logits: Outputs[] = [];
  const recording: Runtime = {
    ...runtime,
    async prepare(...given) {
      const session = await runtime.prepare(...given);
      return {
        ...session,
        async run(...inputs) {
          const outputs = await session.run(...inputs);
          logits.push(outputs);
          return outputs;
        },
      };
    },
  };
  await using answerer = await questionAnswering({ model, adapters: [torch(), lightning()], runtime: recording });
  const answers: Answer[] = [];
  for (const { question } of questions) answers.push(...(await answerer({ question, context })).answers.slice(0, 1));
  return { answers, logits };
}

/**
 * Largest difference of any logit from float32's, of 24,000 for three questions of 4,000 tokens; logits reach 45. Measured: float16 0.013,
 * q8 0.36.
 */
const bounds = { float16: 0.03, q8: 0.5 } as const;

describe("the trained model of the examples, as ONNX", () => {
  test("gives the right answers in every form; logits of float16 and q8 stay within bounds", async () => {
    const wanted = questions.map(({ answer, start, end }) => ({
      answer,
      start,
      end,
      score: expect.closeTo(1, 3),
      transformersScore: expect.closeTo(1, 3),
    }));
    const exact = await ask(onnxFileRuntime(onnxRuntimeNode, await convertToOnnx(model)));
    expect(exact.answers).toEqual(wanted);
    for (const [form, options] of [
      ["float16", { dataType: "float16" }],
      ["q8", { quantize: "q8" }],
    ] as const) {
      const { answers, logits } = await ask(onnxFileRuntime(onnxRuntimeNode, await convertToOnnx(model, options)));
      expect(answers).toEqual(wanted);
      const differences = logits.flatMap((outputs, index) =>
        Object.entries(exact.logits[index] ?? {}).map(([name, expected]) => maxDifference(outputs[name], expected)),
      );
      expect(differences.length).toBe(2 * questions.length);
      expect(Math.min(...differences)).toBeGreaterThan(0);
      expect(Math.max(...differences)).toBeLessThanOrEqual(bounds[form]);
    }
  });

  test("q8 gives the right answers in WebAssembly", async () => {
    const { answers } = await ask(onnxFileRuntime(onnxRuntimeWeb, await convertToOnnx(model, { quantize: "q8" })));
    expect(answers.map(({ answer }) => answer)).toEqual(questions.map(({ answer }) => answer));
  });
});
