import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { AskResult, FoundAnswer } from "../../protocol/calls.ts";
import { ask, cancelQuestion, removeQuestion, shownAnswer, type Entry } from "../../state/conversation.ts";
import { texts } from "../../texts/language.ts";
import { percent, seconds } from "../../texts/numbers.ts";
import { ProblemNote } from "../problem-note.tsx";
import { ProgressBar } from "../progress-bar.tsx";
import { announce, placeInWords } from "./answer-words.ts";
import { ExplanationPanel } from "./explanation-panel.tsx";

/** The answer whose attention is shown. */
const explained = signal<{ readonly entry: string; readonly answer: FoundAnswer } | undefined>(undefined);

/** One question: waiting, being answered, answered, or what went wrong. */
export function EntryCard({ entry }: { readonly entry: Entry }): JSX.Element {
  const words = texts.value;
  const { id, question, state, progress, result, problem } = entry;
  return (
    <article class="card entry">
      <div class="line">
        <h3>{question}</h3>
        {state !== "waiting" && state !== "running" && (
          <button type="button" class="quiet icon" aria-label={`${words.ask.remove}: ${question}`} onClick={() => removeQuestion(id)}>
            ×
          </button>
        )}
      </div>
      {(state === "waiting" || state === "running") && <ProgressBar progress={progress} onCancel={() => cancelQuestion(id)} />}
      {(state === "cancelled" || state === "interrupted") && (
        <div class="line">
          <span class="muted">{words.ask[state]}</span>
          <button type="button" class="small" onClick={() => void ask(question, announce)}>
            {words.ask.again}
          </button>
        </div>
      )}
      {state === "failed" && problem !== undefined && (
        <ProblemNote problem={problem}>
          <button type="button" class="small" onClick={() => void ask(question, announce)}>
            {words.problem.again}
          </button>
        </ProblemNote>
      )}
      {state === "answered" && result !== undefined && <Answers id={id} question={question} result={result} />}
    </article>
  );
}

function Answers({ id, question, result }: { readonly id: string; readonly question: string; readonly result: AskResult }): JSX.Element {
  const words = texts.value.ask;
  const [best, ...others] = result.answers;
  if (best === undefined || best.text === "") return <p>{words.noAnswer}</p>;
  const took = result.timings.find(({ stage }) => stage === "answer")?.milliseconds ?? 0;
  const isExplained = explained.value?.entry === id;
  const justClosed = useRef(false);
  return (
    <>
      <AnswerButton id={id} index={0} answer={best} best />
      <p class="facts muted">
        {[placeInWords(best.place), `${words.score} ${percent(best.score)}`, words.took(seconds(took), result.windows)]
          .filter((fact) => fact !== "")
          .join(" · ")}
      </p>
      {result.lowConfidence && <p class="muted">{words.unsure}</p>}
      {others.length > 0 && (
        <details class="further">
          <summary>{words.more(others.length)}</summary>
          <ol>
            {others.map((answer, index) => (
              <li key={`${answer.start}-${answer.end}`}>
                <AnswerButton id={id} index={index + 1} answer={answer} />
              </li>
            ))}
          </ol>
        </details>
      )}
      {isExplained ? (
        <ExplanationPanel
          key={id}
          question={question}
          answer={explained.value?.answer ?? best}
          onClose={() => {
            justClosed.current = true;
            explained.value = undefined;
          }}
        />
      ) : (
        <button
          ref={(button) => {
            // Where the panel was closed, what opened it has the focus again.
            if (button !== null && justClosed.current) button.focus();
            justClosed.current = false;
          }}
          type="button"
          class="small"
          onClick={() => explain(id, result)}
        >
          {words.why}
        </button>
      )}
    </>
  );
}

/** Of the answer that is shown in the document, where it is one of this question's. */
function explain(entry: string, { answers }: AskResult): void {
  const shown = shownAnswer.peek();
  const answer = answers[shown?.entry === entry ? shown.index : 0];
  if (answer !== undefined) explained.value = { entry, answer };
}

function AnswerButton({
  id,
  index,
  answer,
  best = false,
}: {
  readonly id: string;
  readonly index: number;
  readonly answer: FoundAnswer;
  readonly best?: boolean;
}): JSX.Element {
  const words = texts.value.ask;
  const shown = shownAnswer.value?.entry === id && shownAnswer.value.index === index;
  const show = (): void => {
    shownAnswer.value = { entry: id, index };
  };
  return (
    <button type="button" class={best ? "answer best" : "answer"} aria-pressed={shown} title={words.show} onClick={show}>
      <span class="text">{answer.text}</span>
      {!best && (
        <span class="muted">
          {placeInWords(answer.place)} · {percent(answer.score)}
        </span>
      )}
    </button>
  );
}
