import { LongspanError } from "@longspan/core";
import type { OptionNames } from "@longspan/core/adapter";
import { longformerGraph } from "@longspan/core/graph";
import { specialIds } from "../model/check-tokenizer.ts";
import { labelNames } from "../model/label-names.ts";
import { openModel, type OpenedModel } from "../model/open-model.ts";
import { pipelineDefaults } from "../pipeline-defaults.ts";
import { type PipelineOptions, type RunOptions, runOptionNames } from "../model/pipeline-options.ts";
import { jobPipeline, type JobPipeline } from "../running/job-pipeline.ts";
import type { Prepare } from "../running/job.ts";
import { topIndices, softmax } from "../running/probabilities.ts";
import { encodeText, textRow, textWindows } from "../running/text-windows.ts";
import type { Window, WindowOptions } from "../running/windows.ts";
import { groupEntities, type Entity } from "./group-entities.ts";

/** Which labels are told, and how neighbours are joined. */
export interface ClassifyTokensOptions extends RunOptions, WindowOptions {
  /** `none`: each token by itself. `simple`: neighbours of one label together, `B-` beginning anew. Default none. */
  readonly aggregation?: "none" | "simple" | undefined;
  /** Labels that are left out. Default `["O"]`. */
  readonly ignoreLabels?: readonly string[] | undefined;
}

/** Says what the tokens of texts are: what `classifyTokens` gives. It takes one text, or a list. */
export interface TokenClassifier extends JobPipeline<string, ClassifyTokensOptions, readonly Entity[]> {}

/** `strideTokens` is such that each token has 64 on either side in one of two neighbouring windows. */
const defaults = pipelineDefaults.classifyTokens;

/** All that a call may be told. */
const optionNames: OptionNames<ClassifyTokensOptions> = {
  ...runOptionNames,
  aggregation: true,
  ignoreLabels: true,
  windowTokens: true,
  strideTokens: true,
};

/**
 * Says what each token of a text is. A text longer than the model is read in overlapping windows; a token counts in the window where it
 * has the most text on both sides.
 * @throws LongspanError as `questionAnswering`.
 */
export async function classifyTokens(options: PipelineOptions): Promise<TokenClassifier> {
  const model = await openModel(options, {
    pipeline: "classifyTokens",
    head: "token-classification",
    graph: (config, labels) => longformerGraph(config, "token-classification", { labels }),
    check: specialIds,
  });
  return jobPipeline({ model, call: { name: "classifyTokens", options: optionNames }, prepare: (given) => prepareEntities(model, given) });
}

function prepareEntities(model: OpenedModel, options: ClassifyTokensOptions = {}): Prepare<string, readonly Entity[]> {
  const aggregation: unknown = options.aggregation ?? defaults.aggregation;
  if (aggregation !== "none" && aggregation !== "simple") {
    throw new LongspanError("argument-invalid", `aggregation is ${JSON.stringify(aggregation)}; it is none or simple.`, {
      details: { option: "aggregation", value: aggregation },
    });
  }
  const names = labelNames(model);
  const ignored = new Set<string>(options.ignoreLabels ?? defaults.ignoreLabels);
  return (text) => {
    const tokens = encodeText("text", text, model.tokenizer);
    const windows = textWindows(tokens, options, { maxTokens: model.maxTokens, defaultStride: defaults.strideTokens });
    const entities: Entity[] = [];
    let next = 0;
    return {
      rows: windows.map((window) => textRow(model.tokenizer, tokens, window, 0)),
      add({ logits }) {
        const index = next++;
        const window = windows[index];
        if (window === undefined || logits === undefined) throw new TypeError("each window has logits");
        const { start: from, end: to } = ownTokens(windows, index);
        for (let token = from; token < to; token++) {
          const at = (token - window.start + 1) * names.length;
          const scores = softmax(logits.subarray(at, at + names.length));
          const [label = 0] = topIndices(scores, 1);
          const start = tokens.starts[token] ?? 0;
          const end = tokens.ends[token] ?? 0;
          entities.push({ label: names[label] ?? "", score: scores[label] ?? 0, start, end, text: text.slice(start, end) });
        }
      },
      result() {
        const found = aggregation === "simple" ? groupEntities(entities, text) : entities;
        return found.filter(({ label }) => !ignored.has(label));
      },
    };
  };
}

/** The tokens that count in a window: up to the middle of what it shares with its neighbours. */
function ownTokens(windows: readonly Window[], index: number): Window {
  const middle = (left: Window | undefined, right: Window | undefined): number | undefined =>
    left === undefined || right === undefined ? undefined : Math.ceil((right.start + left.end) / 2);
  const [before, window, after] = [windows[index - 1], windows[index], windows[index + 1]];
  return { start: middle(before, window) ?? window?.start ?? 0, end: middle(window, after) ?? window?.end ?? 0 };
}
