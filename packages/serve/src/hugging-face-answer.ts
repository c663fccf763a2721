import type { ServedTask } from "./served-job.ts";

type Document = Readonly<Record<string, unknown>>;

interface Span {
  readonly answer: string;
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

interface Filling {
  readonly id: number;
  readonly text: string;
  readonly score: number;
  readonly filled: string;
}

interface Entity {
  readonly label: string;
  readonly score: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What of a request is about the answer. */
export interface AskedAnswer {
  /** How many results were asked for; undefined where nothing was said. */
  readonly topK: number | undefined;
  /** Of tokens: whether neighbours of one label are one. */
  readonly isGrouped: boolean;
  /** Of tokens: labels that are left out of the answer, as they stand in it (transformers' `ignore_labels`, after grouping). */
  readonly ignoredLabels: readonly string[];
}

/**
 * A result as Hugging Face's clients read it (huggingface.js, packages/tasks, spec/output.json of each task; transformers' pipelines).
 * Places count UTF-16 units.
 */
export function inferenceAnswer(task: ServedTask, document: Document, asked: AskedAnswer): unknown {
  return answers[task](document, asked);
}

const answers: Readonly<Record<ServedTask, (document: Document, asked: AskedAnswer) => unknown>> = {
  "question-answering": (document, { topK }) => {
    const found = (document.answers as readonly Span[]).map(({ answer, score, start, end }) => ({ answer, score, start, end }));
    return topK === undefined || topK === 1 ? (found[0] ?? { answer: "", score: 0, start: 0, end: 0 }) : found;
  },
  "fill-mask": (document) => {
    const masks = (document.masks as readonly { readonly fillings: readonly Filling[] }[]).map(({ fillings }) =>
      fillings.map(({ id, text, score, filled }) => ({ score, token: id, token_str: text, sequence: filled })),
    );
    return masks.length === 1 ? masks[0] : masks;
  },
  "text-classification": (document, { topK }) => (document.labels as readonly unknown[]).slice(0, topK),
  "token-classification": (document, { isGrouped, ignoredLabels }) =>
    (document.entities as readonly Entity[])
      .filter(({ label }) => !ignoredLabels.includes(label))
      .map(({ label, score, start, end, text }) => ({
        [isGrouped ? "entity_group" : "entity"]: label,
        score,
        word: text,
        start,
        end,
      })),
  "feature-extraction": (document) => document.embedding,
};
