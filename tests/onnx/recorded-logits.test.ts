import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import type { Tensor } from "@longspan/core";
import { forwardEntries, loadForwardCase, type ForwardCase, type ForwardEntry } from "../forward-cases.ts";
import { maxDifference } from "../forward-parity.ts";
import { pathOf } from "../pipelines/recorded.ts";
import { convertToOnnx } from "./convert-to-onnx.ts";

/**
 * What a file's outputs may differ by from what transformers recorded. The models of the fixtures have random weights of standard deviation 0.3, in
 * 16 dimensions: rounding to 8 bits shows in them far more than in a trained one (trained-model.test.ts). That of large scores, in the ten
 * thousands, would be another model.
 */
const forms = [
  { name: "float32", options: {}, models: /./, tolerance: () => 1e-4 },
  { name: "q8", options: { quantize: "q8" }, models: /^(?!.*large-scores)/, tolerance: (largest: number) => 0.1 * largest },
] as const;

/** A file takes ids, counts positions itself, and gives no hidden states. */
const entries = (await forwardEntries()).filter(({ name }) => !/position-ids|inputs-embeds|attentions/.test(name));
const byModel = Map.groupBy(entries, ({ model }) => model);

describe.each(forms)("$name files against recorded outputs", ({ options, models, tolerance }) => {
  for (const [model, cases] of byModel) {
    if (!models.test(model)) continue;
    test(`of ${model}`, async () => {
      const [{ head } = { head: undefined }] = cases;
      const file = await convertToOnnx(pathOf(`../${model}`), { ...options, ...(head === undefined ? {} : { head }) });
      const session = await InferenceSession.create(file);
      const found: Record<string, boolean | string> = {};
      for (const entry of cases) Object.assign(found, await compare(session, entry, tolerance));
      await session.release();
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, true])));
      expect(Object.keys(found).length).toBeGreaterThanOrEqual(cases.length);
    });
  }
});

async function compare(
  session: InferenceSession,
  entry: ForwardEntry,
  tolerance: (largest: number) => number,
): Promise<Record<string, boolean | string>> {
  const recorded = await loadForwardCase(entry);
  const outputs = await session.run(feeds(session, recorded));
  return Object.fromEntries(
    session.outputNames.map((name) => {
      const expected = recorded.outputs[name];
      const { dims, data } = outputs[name] ?? {};
      if (expected === undefined || dims === undefined || !(data instanceof Float32Array)) return [`${entry.name} ${name}`, "is not there"];
      const difference = maxDifference({ dataType: "float32", shape: dims, data }, expected);
      const largest = Math.max(...numbers(expected).map(Math.abs));
      return [`${entry.name} ${name}`, difference <= tolerance(largest) || `differs by ${difference}, values up to ${largest}`];
    }),
  );
}

/** What transformers was given; what it filled in, or zeros and ones, for the rest. */
function feeds(session: InferenceSession, { inputs, filled }: ForwardCase): Record<string, OnnxTensor> {
  const ids = inputs.input_ids as Tensor;
  return Object.fromEntries(
    session.inputNames.map((name) => {
      const given = inputs[name] ?? filled[name];
      const values = given === undefined ? numbers(ids).map(() => Number(name === "attention_mask")) : numbers(given);
      return [name, new OnnxTensor("int64", BigInt64Array.from(values, BigInt), ids.shape)];
    }),
  );
}

function numbers({ data }: Tensor): readonly number[] {
  const found: number[] = [];
  for (const value of data) found.push(Number(value));
  return found;
}
