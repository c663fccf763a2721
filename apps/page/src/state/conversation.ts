import { batch, computed, signal } from "@preact/signals";
import type { AskResult, FoundAnswer, Progress } from "../protocol/calls.ts";
import type { Problem } from "../protocol/problem.ts";
import { openDocument, openedDocument, type PageDocument } from "./documents.ts";
import { watchMemory, type MemoryWatch, type StageMemory } from "./memory.ts";
import { allowPlace, chosenModel, loadedModel, precision, runtimeChoice } from "./models.ts";
import { problemOf, work } from "./work.ts";

/** A question, and what became of it. */
export interface Entry {
  readonly id: string;
  readonly question: string;
  /** `interrupted`: what an earlier visit left without an answer. */
  readonly state: "waiting" | "running" | "answered" | "failed" | "cancelled" | "interrupted";
  readonly progress?: Progress | undefined;
  readonly result?: AskResult | undefined;
  readonly problem?: Problem | undefined;
  readonly memory?: StageMemory | undefined;
}

/** By the document's id: a document that is opened again has its questions. The one that was asked about last is the last. */
export const conversations = signal<ReadonlyMap<string, readonly Entry[]>>(new Map());

const nothingAsked: readonly Entry[] = [];

/** About the page's document, the newest first. */
export const conversation = computed(() => conversations.value.get(openedDocument.value?.id ?? "") ?? nothingAsked);

/** The document before this one, which can be gone back to: another may have been dropped by accident. */
export const previousDocument = signal<PageDocument | undefined>(undefined);

/** The answer that is shown in the document. */
export const shownAnswer = signal<{ readonly entry: string; readonly index: number } | undefined>(undefined);

/** What a screen reader is told. */
export const announcement = signal("");

const cancels = new Map<string, () => void>();

const furtherAnswers = 5;

function setEntries(document: string, entries: readonly Entry[]): void {
  const changed = new Map(conversations.peek());
  changed.delete(document);
  if (entries.length > 0) changed.set(document, entries);
  conversations.value = changed;
}

function entriesOf(document: string): readonly Entry[] {
  return conversations.peek().get(document) ?? nothingAsked;
}

/** Asks; questions wait for each other. `announce` says an answer in the reader's language. */
export async function ask(question: string, announce: (answer: FoundAnswer | undefined, problem?: Problem) => string): Promise<void> {
  const document = openedDocument.peek();
  const model = chosenModel.peek();
  if (document === undefined || model === undefined) return;
  const same = entriesOf(document.id).find((entry) => entry.question === question);
  // The same question again while it is being answered is a second click.
  if (same?.state === "waiting" || same?.state === "running") return;
  const id = crypto.randomUUID();
  const controller = new AbortController();
  let memory: MemoryWatch | undefined;
  cancels.set(id, () => controller.abort());
  setEntries(document.id, [{ id, question, state: "waiting" }, ...entriesOf(document.id).filter((entry) => entry !== same)]);
  const update = (change: Partial<Entry>): void => {
    const entries = entriesOf(document.id);
    if (!entries.some((entry) => entry.id === id)) return;
    setEntries(
      document.id,
      entries.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)),
    );
  };
  try {
    await allowPlace(model.place);
    const { key, name, content } = document;
    const result = await work.call(
      "ask",
      {
        model: { place: model.place, runtime: runtimeChoice.peek(), precision: precision.peek() },
        document: { key, name, content },
        question,
        topK: furtherAnswers,
      },
      {
        signal: controller.signal,
        onProgress(progress) {
          // While it waits for others, what is taken is theirs.
          memory ??= watchMemory((most) => update({ memory: most }));
          memory.during(progress.stage);
          update({ state: "running", progress });
        },
      },
    );
    batch(() => {
      update({ state: "answered", progress: undefined, result });
      if (chosenModel.peek() === model) loadedModel.value = result.model;
      if (conversation.peek().some((entry) => entry.id === id)) shownAnswer.value = { entry: id, index: 0 };
      announcement.value = announce(result.answers[0]);
    });
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === "aborted") update({ state: "cancelled", progress: undefined });
    else {
      update({ state: "failed", progress: undefined, problem });
      announcement.value = announce(undefined, problem);
    }
  } finally {
    memory?.end();
    cancels.delete(id);
  }
}

export function cancelQuestion(id: string): void {
  cancels.get(id)?.();
}

export function removeQuestion(id: string): void {
  const document = openedDocument.peek();
  if (document === undefined) return;
  cancelQuestion(id);
  if (shownAnswer.peek()?.entry === id) shownAnswer.value = undefined;
  setEntries(
    document.id,
    entriesOf(document.id).filter((entry) => entry.id !== id),
  );
}

/** Forgets all questions about this document. */
export function clearConversation(): void {
  const document = openedDocument.peek();
  if (document === undefined) return;
  cancelAll();
  shownAnswer.value = undefined;
  setEntries(document.id, []);
}

function cancelAll(): void {
  for (const cancel of cancels.values()) cancel();
}

/** Opens a document with the questions that were asked about it. Those about the one before are kept; what is under way is cancelled. */
export async function changeDocument(
  name: string,
  content: string | Blob,
  options: Parameters<typeof openDocument>[2] = {},
): Promise<boolean> {
  const before = openedDocument.peek();
  const opened = await openDocument(name, content, options);
  // The same text under the same name is the same document.
  if (!opened || before === undefined || before.id === openedDocument.peek()?.id) return opened;
  cancelAll();
  shownAnswer.value = undefined;
  previousDocument.value = before;
  return opened;
}

/** Goes back to the document before this one, which then can be gone back to. */
export async function goBack(): Promise<void> {
  const before = previousDocument.peek();
  if (before === undefined) return;
  const { key, name, content, suggestions } = before;
  await changeDocument(name, content, { key, suggestions });
}
