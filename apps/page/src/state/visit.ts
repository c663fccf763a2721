import { effect } from "@preact/signals";
import { database } from "../storage/database.ts";
import { conversations, type Entry } from "./conversation.ts";
import { openDocument, openedDocument, readingDocument } from "./documents.ts";
import { chosenModel } from "./models.ts";

/** Of so many documents the questions are kept, those that were asked about last. */
const keptConversations = 20;

/** Brings back what the last visit left, and keeps what this one leaves: at every answer, for a visit may end at any time. */
export async function restoreVisit(): Promise<void> {
  const [visit, kept] = await Promise.all([
    database.visit().catch(() => undefined),
    database.conversations().catch((): readonly [string, readonly unknown[]][] => []),
  ]);
  // What was asked already in this visit is newer.
  conversations.value = new Map([...(kept as readonly [string, readonly Entry[]][]), ...conversations.peek()]);
  if (visit?.model !== undefined && chosenModel.peek() === undefined) {
    chosenModel.value = { place: visit.model, name: visit.modelName ?? "" };
  }
  if (visit?.document !== undefined && openedDocument.peek() === undefined && readingDocument.peek() === undefined) {
    const { key, name, content, suggestions } = visit.document;
    await openDocument(name, content, { key, suggestions });
  }
  effect(keepVisit);
  let last = "";
  effect(() => {
    const left = [...conversations.value].slice(-keptConversations).map(([id, entries]) => [id, entries.map(leftOf)] as const);
    // Most changes are of progress.
    const now = JSON.stringify(left.map(([id, entries]) => [id, entries.map((entry) => [entry.id, entry.state])]));
    if (now === last) return;
    last = now;
    void database.saveConversations(left).catch(() => undefined);
  });
}

function keepVisit(): void {
  const document = openedDocument.value;
  const model = chosenModel.value;
  const { place } = model ?? {};
  void database
    .saveVisit({
      document:
        document === undefined
          ? undefined
          : { key: document.key, name: document.name, content: document.content, suggestions: document.suggestions },
      // Files that were chosen one by one are not there in the next visit; a copy or a folder is.
      model: place?.kind === "files" ? undefined : place,
      modelName: place?.kind === "files" ? undefined : model?.name,
    })
    .catch(() => undefined);
}

/** What the next visit finds: a question that had no answer has ended with this one. */
function leftOf({ id, question, state, result, memory }: Entry): Entry {
  if (state === "answered" || state === "cancelled") return { id, question, state, result, memory };
  return { id, question, state: "interrupted" };
}
