import { batch, effect, signal } from "@preact/signals";
import type { AskResult, FoundAnswer, Progress } from "../protocol/calls.ts";
import type { Problem } from "../protocol/problem.ts";
import { database } from "../storage/database.ts";
import { openDocument, openedDocument, readingDocument } from "./documents.ts";
import { watchMemory, type MemoryWatch, type StageMemory } from "./memory.ts";
import { allowPlace, chosenModel, loadedModel, precision, runtimeChoice } from "./models.ts";
import { problemOf, work } from "./work.ts";

/** A question, and what became of it. */
export interface Entry {
  readonly id: string;
  readonly question: string;
  readonly state: "waiting" | "running" | "answered" | "failed" | "cancelled";
  readonly progress?: Progress | undefined;
  readonly result?: AskResult | undefined;
  readonly problem?: Problem | undefined;
  readonly memory?: StageMemory | undefined;
}

/** About the page's document, the newest first. */
export const conversation = signal<readonly Entry[]>([]);

/** The answer that is shown in the document. */
export const shownAnswer = signal<{ readonly entry: string; readonly index: number } | undefined>(undefined);

/** What a screen reader is told. */
export const announcement = signal("");

const cancels = new Map<string, () => void>();

const furtherAnswers = 5;

function update(id: string, change: Partial<Entry>): void {
  conversation.value = conversation.peek().map((entry) => (entry.id === id ? { ...entry, ...change } : entry));
}

/** Asks; questions wait for each other. `announce` says an answer in the reader's language. */
export async function ask(question: string, announce: (answer: FoundAnswer | undefined, problem?: Problem) => string): Promise<void> {
  const document = openedDocument.peek();
  const model = chosenModel.peek();
  if (document === undefined || model === undefined) return;
  const same = conversation.peek().find((entry) => entry.question === question);
  // The same question again while it is being answered is a second click.
  if (same?.state === "waiting" || same?.state === "running") return;
  const id = crypto.randomUUID();
  const controller = new AbortController();
  let memory: MemoryWatch | undefined;
  cancels.set(id, () => controller.abort());
  conversation.value = [{ id, question, state: "waiting" }, ...conversation.peek().filter((entry) => entry !== same)];
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
          memory ??= watchMemory((most) => update(id, { memory: most }));
          memory.during(progress.stage);
          update(id, { state: "running", progress });
        },
      },
    );
    batch(() => {
      update(id, { state: "answered", progress: undefined, result });
      if (chosenModel.peek() === model) loadedModel.value = result.model;
      if (openedDocument.peek() === document && conversation.peek().some((entry) => entry.id === id))
        shownAnswer.value = { entry: id, index: 0 };
      announcement.value = announce(result.answers[0]);
    });
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code === "aborted") update(id, { state: "cancelled", progress: undefined });
    else {
      update(id, { state: "failed", progress: undefined, problem });
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
  cancelQuestion(id);
  if (shownAnswer.peek()?.entry === id) shownAnswer.value = undefined;
  conversation.value = conversation.peek().filter((entry) => entry.id !== id);
}

/** A new document begins a new conversation. */
export function clearConversation(): void {
  for (const cancel of cancels.values()) cancel();
  shownAnswer.value = undefined;
  conversation.value = [];
}

export async function changeDocument(
  name: string,
  content: string | Blob,
  options: Parameters<typeof openDocument>[2] = {},
): Promise<boolean> {
  const opened = await openDocument(name, content, options);
  if (opened) clearConversation();
  return opened;
}

/** Brings back what the last visit left, and keeps what this one leaves. */
export async function restoreVisit(): Promise<void> {
  const visit = await database.visit().catch(() => undefined);
  if (visit?.model !== undefined && chosenModel.peek() === undefined) {
    chosenModel.value = { place: visit.model, name: visit.modelName ?? "" };
  }
  if (visit?.document !== undefined && openedDocument.peek() === undefined && readingDocument.peek() === undefined) {
    const { key, name, content, suggestions } = visit.document;
    if (await openDocument(name, content, { key, suggestions })) {
      // What was under way then has ended with that visit.
      conversation.value = (visit.conversation as readonly Entry[]).filter(({ state }) => state === "answered");
    }
  }
  effect(() => {
    const document = openedDocument.value;
    const entries = conversation.value;
    const model = chosenModel.value;
    if (entries.some(({ state }) => state === "running" || state === "waiting")) return;
    const { place } = model ?? {};
    void database
      .saveVisit({
        document:
          document === undefined
            ? undefined
            : { key: document.key, name: document.name, content: document.content, suggestions: document.suggestions },
        conversation: entries.filter(({ state }) => state === "answered"),
        // Files that were chosen one by one are not there in the next visit; a copy or a folder is.
        model: place?.kind === "files" ? undefined : place,
        modelName: place?.kind === "files" ? undefined : model?.name,
      })
      .catch(() => undefined);
  });
}
