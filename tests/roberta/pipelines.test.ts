import { expect, test } from "vitest";
import type { Checkpoint, Tensor } from "@longspan/core";
import { longformerGraph } from "@longspan/core/graph";
import { prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import { directoryFileSet } from "@longspan/core/node";
import { classifyText, loadTokenizer } from "@longspan/pipelines";
import { fileURLToPath } from "node:url";
import { openRoberta } from "./recorded.ts";

const tokenizer = directoryFileSet(fileURLToPath(new URL("../../fixtures/roberta/plain/roberta-masked-lm", import.meta.url)));

/** Logits of one row with these global tokens, as the graft gave them in torch: see grafts.test.ts. */
async function outputsOf(checkpoint: Checkpoint, ids: readonly number[], globals: number): Promise<Readonly<Record<string, Tensor>>> {
  const { config, head } = checkpoint;
  if (config === null || head === null) throw new Error("no model");
  const session = await referenceRuntime().prepare(longformerGraph(config, head), checkpoint.weights());
  const mask = ids.map((_, index) => Number(index < globals));
  return session.run(prepareInputs(config, head, { input_ids: [[...ids]], global_attention_mask: [mask] }));
}

const text = "the cat sat on the mat.";

test("a classifier made of a graft takes no token as global, as the graft did not", async () => {
  await using graft = await openRoberta("grafts/xlm-roberta-sequence-classification");
  await using classifier = await classifyText({ model: graft, tokenizer, runtime: referenceRuntime() });
  const { labels } = await classifier(text, { scores: "none" });
  const ids = await idsOf(text);
  const [without, withGlobal] = [await outputsOf(graft, ids, 0), await outputsOf(graft, ids, 1)];
  const found = labels.toSorted((one, other) => one.label.localeCompare(other.label)).map(({ score }) => score);
  expect(found).toEqual(Array.from(without.logits?.data ?? [], Number));
  expect(found).not.toEqual(Array.from(withGlobal.logits?.data ?? [], Number));
});

async function idsOf(words: string): Promise<readonly number[]> {
  const { ids } = (await loadTokenizer(tokenizer)).encode(words);
  return [0, ...ids, 2];
}
