import { signal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import { oneColumn } from "../../state/appearance.ts";
import { announcement, ask, clearConversation, conversation } from "../../state/conversation.ts";
import { openedDocument, readingDocument } from "../../state/documents.ts";
import { tryExample } from "../../state/example.ts";
import { chosenModel } from "../../state/models.ts";
import { texts } from "../../texts/language.ts";
import { describeStage } from "../progress-bar.tsx";
import { DocumentPane } from "./document-pane.tsx";
import { announce } from "./answer-words.ts";
import { EntryCard } from "./entry-card.tsx";
import { ModelCard } from "./model-card.tsx";

const question = signal("");
const startingExample = signal(false);

/** A document on one side, the conversation about it on the other. */
export function AskView(): JSX.Element {
  const words = texts.value.ask;
  const empty = openedDocument.value === undefined && readingDocument.value === undefined;
  useStagesSaid();
  const pane = <DocumentPane key="document" />;
  const side = (
    <div key="side" class="side">
      <ModelCard />
      <QuestionForm />
      <Conversation />
    </div>
  );
  // In the order in which they are seen, for the keyboard goes by it.
  return (
    <div class="ask">
      <h1 class={empty ? undefined : "visually-hidden"}>{words.heading}</h1>
      {empty && (
        <div class="hero">
          <p class="lead">{words.intro}</p>
          <div class="actions">
            <button type="button" class="primary" disabled={startingExample.value} onClick={() => void startExample()}>
              {words.example}
            </button>
            <span class="muted">{words.exampleHint}</span>
          </div>
        </div>
      )}
      <div class="columns">{oneColumn.value ? [side, pane] : [pane, side]}</div>
    </div>
  );
}

async function startExample(): Promise<void> {
  if (startingExample.peek()) return;
  startingExample.value = true;
  try {
    await tryExample("document.txt", texts.peek().model.example, announce);
  } finally {
    startingExample.value = false;
  }
}

function QuestionForm(): JSX.Element {
  const words = texts.value.ask;
  const suggestions = openedDocument.value?.suggestions.filter((one) => !conversation.value.some((entry) => entry.question === one)) ?? [];
  const missing = openedDocument.value === undefined ? words.needDocument : chosenModel.value === undefined ? words.needModel : undefined;
  const submit = (text: string): void => {
    if (text.trim() === "" || missing !== undefined) return;
    question.value = "";
    void ask(text.trim(), announce);
  };
  return (
    <section class="card question" aria-labelledby="question-label">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit(question.value);
        }}
      >
        <label for="question" id="question-label">
          {words.question}
        </label>
        <textarea
          id="question"
          rows={2}
          placeholder={words.questionPlaceholder}
          aria-describedby="question-missing"
          value={question}
          onInput={(event) => (question.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            submit(question.value);
          }}
        />
        <div class="line">
          <span id="question-missing" class="muted">
            {missing}
          </span>
          <button class="primary" disabled={missing !== undefined || question.value.trim() === ""}>
            {words.submit}
          </button>
        </div>
      </form>
      {suggestions.length > 0 && (
        <div class="suggestions">
          <h3>{words.suggestions}</h3>
          <ul>
            {suggestions.map((suggestion) => (
              <li key={suggestion}>
                <button type="button" class="chip" disabled={missing !== undefined} onClick={() => submit(suggestion)}>
                  {suggestion}
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function Conversation(): JSX.Element {
  const words = texts.value.ask;
  return (
    <section class="conversation" aria-labelledby="conversation-heading">
      <div class="line">
        <h2 id="conversation-heading">{words.conversation}</h2>
        {conversation.value.length > 0 && (
          <button type="button" class="quiet small" onClick={clearConversation}>
            {words.clear}
          </button>
        )}
      </div>
      {conversation.value.length === 0 ? (
        <p class="muted">{words.noQuestions}</p>
      ) : (
        <ol>
          {conversation.value.map((entry) => (
            <li key={entry.id}>
              <EntryCard entry={entry} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** Says when a stage begins, and nothing in between. */
function useStagesSaid(): void {
  const said = useRef("");
  useSignalEffect(() => {
    const running = conversation.value.find(({ state }) => state === "running");
    const stage = running?.progress?.stage ?? "";
    if (stage === said.current) return;
    said.current = stage;
    if (running !== undefined) announcement.value = describeStage(running.progress);
  });
}
