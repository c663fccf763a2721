import { computed, signal, useSignalEffect } from "@preact/signals";
import { memo } from "./memo.ts";
import { useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { FoundAnswer } from "../../protocol/calls.ts";
import { changeDocument, conversation, conversations, goBack, previousDocument, shownAnswer } from "../../state/conversation.ts";
import { documentProblem, openedDocument, readingDocument } from "../../state/documents.ts";
import { texts } from "../../texts/language.ts";
import { count } from "../../texts/numbers.ts";
import { documentChunks, type Chunk } from "../document-chunks.ts";
import { LibraryText } from "../library-text.tsx";
import { ProblemNote } from "../problem-note.tsx";
import { FileInput } from "../file-input.tsx";

const chunks = computed(() => documentChunks(openedDocument.value?.text ?? ""));
const changing = signal(false);
const pasted = signal("");

/** The answers of the question that is shown, by place; the one that is looked at among them. */
const marks = computed((): readonly Mark[] => {
  const shown = shownAnswer.value;
  const answers = conversation.value.find(({ id }) => id === shown?.entry)?.result?.answers ?? [];
  return answers
    .map((answer, index) => ({ ...answer, current: index === shown?.index }))
    .filter(({ start, end }) => start < end)
    .toSorted((a, b) => a.start - b.start);
});

type Mark = FoundAnswer & { readonly current: boolean };

/** The document as text, with the answers marked; only what is on the screen is laid out. */
export function DocumentPane(): JSX.Element {
  const words = texts.value.ask;
  const document = openedDocument.value;
  const reading = readingDocument.value;
  const problem = documentProblem.value;
  const scroller = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    const current = marks.value.find((mark) => mark.current);
    if (current !== undefined) scrollTo(scroller.current, current.start);
  });
  const choosing = document === undefined || changing.value;
  return (
    <section class="card document" aria-labelledby="document-heading">
      <div class="line">
        <h2 id="document-heading">{document === undefined ? words.document : document.name}</h2>
        {document !== undefined && <span class="muted">{words.words(count(document.words))}</span>}
        {document !== undefined && (
          <button type="button" class="small" aria-expanded={changing.value} onClick={() => (changing.value = !changing.value)}>
            {words.changeDocument}
          </button>
        )}
      </div>
      {reading !== undefined && (
        <p class="muted" role="status">
          {words.reading}: {reading}
        </p>
      )}
      {problem !== undefined && <ProblemNote problem={problem} />}
      {choosing && <DocumentChooser />}
      <DocumentBefore />
      {document === undefined && reading === undefined && (
        <div class="empty" aria-hidden="true">
          <p>{words.noDocumentHint}</p>
        </div>
      )}
      {document !== undefined && document.warnings.length > 0 && (
        <div class="notes">
          <h3>{words.notAllRead}</h3>
          <ul>
            {document.warnings.map((warning) => (
              <li key={warning}>
                <LibraryText text={warning} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {document !== undefined && (
        <div ref={scroller} class="text" tabIndex={0} role="group" aria-labelledby="document-heading">
          {chunks.value.map((chunk) => (
            <ChunkText key={`${document.key} ${chunk.start}`} chunk={chunk} text={document.text} marks={marksIn(chunk)} />
          ))}
        </div>
      )}
    </section>
  );
}

/** The way back to the document before this one, and to what was asked about it. */
function DocumentBefore(): JSX.Element | undefined {
  const words = texts.value.ask;
  const before = previousDocument.value;
  if (before === undefined) return undefined;
  return (
    <div class="before line">
      <span class="muted" role="status">
        {words.before(before.name, conversations.value.get(before.id)?.length ?? 0)}
      </span>
      <button type="button" class="small" onClick={() => void goBack()}>
        {words.goBack}
      </button>
    </div>
  );
}

const noMarks: readonly Mark[] = [];

function marksIn({ start, end }: Chunk): readonly Mark[] {
  const inside = marks.value.filter((mark) => mark.start < end && start < mark.end);
  return inside.length === 0 ? noMarks : inside;
}

interface ChunkProps {
  readonly chunk: Chunk;
  readonly text: string;
  readonly marks: readonly Mark[];
}

/** Drawn again only where its marks change: a long document has hundreds. */
const ChunkText = memo(function ChunkText({ chunk, text, marks }: ChunkProps): JSX.Element {
  const pieces: (string | JSX.Element)[] = [];
  let at = chunk.start;
  for (const mark of marks) {
    const [start, end] = [Math.max(at, mark.start), Math.min(chunk.end, mark.end)];
    if (start > at) pieces.push(text.slice(at, start));
    pieces.push(
      <mark key={start} class={mark.current ? "current" : undefined} data-start={start}>
        {text.slice(start, end)}
      </mark>,
    );
    at = end;
  }
  pieces.push(text.slice(at, chunk.end));
  return (
    <div class={chunk.goesOn ? "chunk goes-on" : "chunk"} data-start={chunk.start}>
      {pieces}
    </div>
  );
});

/**
 * To the mark at `start`. What is not on the screen has a guessed height, which changes when it comes there: so until the mark stays where it
 * should be.
 */
function scrollTo(scroller: HTMLElement | null, start: number): void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let tries = 0;
  let lastTop = Number.NaN;
  const step = (): void => {
    const mark = scroller?.querySelector<HTMLElement>(`mark[data-start="${start}"]`);
    if (scroller === null || mark === null || mark === undefined) {
      if (tries++ < 10) requestAnimationFrame(step);
      return;
    }
    const top = mark.getBoundingClientRect().top;
    if (Math.abs(top - lastTop) < 1 || tries++ > 20) {
      if (!calm) mark.animate([{ outlineColor: "currentColor" }, { outlineColor: "transparent" }], { duration: 900 });
      return;
    }
    lastTop = top;
    const box = scroller.getBoundingClientRect();
    scroller.scrollTop += top - (box.top + box.height / 2);
    // Where the document is below the conversation, it has to come up first.
    if (box.top > innerHeight * 0.6 || box.bottom < innerHeight * 0.4) scroller.scrollIntoView({ block: "nearest", behavior: "instant" });
    lastTop = mark.getBoundingClientRect().top;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function DocumentChooser(): JSX.Element {
  const words = texts.value.ask;
  const input = useRef<HTMLInputElement>(null);
  const take = async (name: string, content: string | Blob): Promise<void> => {
    if (!(await changeDocument(name, content))) return;
    changing.value = false;
    // What could not be read stays, to be mended.
    if (content === pasted.peek()) pasted.value = "";
  };
  return (
    <div class="chooser">
      <div class="actions">
        <button type="button" onClick={() => input.current?.click()}>
          {words.chooseDocument}
        </button>
        <FileInput
          input={input}
          purpose="document"
          onChoose={(chosen) => {
            const [file] = chosen.files ?? [];
            chosen.value = "";
            if (file !== undefined) void take(file.name, file);
          }}
        />
        <span class="muted">{words.documentHint}</span>
      </div>
      <details class="text-place">
        <summary>{words.pasteDocument}</summary>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void take(words.document, pasted.peek());
          }}
        >
          <label for="pasted">{words.pasteLabel}</label>
          <textarea id="pasted" rows={6} value={pasted} onInput={(event) => (pasted.value = event.currentTarget.value)} />
          <button disabled={pasted.value.trim() === ""}>{words.usePasted}</button>
        </form>
      </details>
    </div>
  );
}
