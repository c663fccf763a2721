import type { AskRequest, AskResult, Explanation, ExplainRequest, FoundAnswer } from "../protocol/calls.ts";
import { openDocument } from "./documents.ts";
import type { Models, StepOptions } from "./models.ts";

/** Answers a question about a document, loading the model first where that is needed. */
export async function ask(models: Models, { model, document, question, topK }: AskRequest, options: StepOptions): Promise<AskResult> {
  const { text, place } = await openDocument(document, options.signal);
  // All of a text of one line is in its first.
  const hasLines = text.trimEnd().includes("\n");
  const ready = await models.ready(model, options);
  const started = performance.now();
  let windows = 1;
  options.report({ stage: "answer", item: "", done: 0, total: 1, unit: "windows" });
  const result = await ready.answerer(
    { question, context: text },
    {
      topK,
      signal: options.signal,
      onProgress: ({ item, done, total }) => {
        windows = Number(/of (\d+)$/.exec(item)?.[1] ?? 1);
        options.report({ stage: "answer", item: "", done: (done / total) * windows, total: windows, unit: "windows" });
      },
    },
  );
  const answers = result.answers.map(({ answer, start, end, score }): FoundAnswer => {
    const { page, paragraph, note, line } = place(start, end);
    return { text: answer, start, end, score, place: { page, paragraph, note, line: hasLines || page !== undefined ? line : undefined } };
  });
  const milliseconds = performance.now() - started;
  return {
    model: ready.facts,
    answers,
    lowConfidence: result.lowConfidence,
    windows: result.windows,
    timings: [...ready.timings, { stage: "answer", milliseconds }],
  };
}

/** What the answer's tokens looked at, or the global ones. */
export async function explain(models: Models, request: ExplainRequest, options: StepOptions): Promise<Explanation> {
  const { model, document, question, start, end, layer, of } = request;
  const { text } = await openDocument(document, options.signal);
  const reader = await models.attention(model, options);
  options.report({ stage: "explain", item: "", done: 0, total: 1, unit: "steps" });
  const found = await reader({ question, context: text, start, end }, { layer, of, signal: options.signal });
  return { ...found, of, layers: reader.layers };
}
