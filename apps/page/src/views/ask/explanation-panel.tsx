import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { AttentionOf, Explanation, FoundAnswer, Progress, SeenToken } from "../../protocol/calls.ts";
import type { Problem } from "../../protocol/problem.ts";
import { openedDocument } from "../../state/documents.ts";
import { chosenModel, precision, runtimeChoice } from "../../state/models.ts";
import { problemOf, work } from "../../state/work.ts";
import { texts } from "../../texts/language.ts";
import { percent } from "../../texts/numbers.ts";
import { ProblemNote } from "../problem-note.tsx";
import { ProgressBar } from "../progress-bar.tsx";
import { attentionGrid, sharesOf, shownColumn, shownGrid, type AttentionGrid, type Cell } from "./attention-picture.ts";
import { clearHeat, heatDocument } from "./heat.ts";
import { PictureOf } from "./picture-of.tsx";
import { shownToken } from "./shown-token.ts";

export interface ExplanationProps {
  readonly question: string;
  readonly answer: FoundAnswer;
  readonly onClose: () => void;
}

/** What an answer's tokens looked at, or the question's: a picture, the tokens by their share, and colours in the document. */
export function ExplanationPanel({ question, answer, onClose }: ExplanationProps): JSX.Element {
  const words = texts.value;
  const found = useSignal<Explanation | undefined>(undefined);
  const progress = useSignal<Progress | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  // What is chosen, which may still be on its way; `found` is what is shown.
  const layer = useSignal<number | undefined>(undefined);
  const of = useSignal<AttentionOf>("answer");
  const head = useSignal<number | undefined>(undefined);
  const row = useSignal<number | undefined>(undefined);
  const pointed = useSignal<Cell | undefined>(undefined);
  const controller = useRef<AbortController | undefined>(undefined);
  const panel = useRef<HTMLElement>(null);

  const load = async (): Promise<void> => {
    const document = openedDocument.peek();
    const model = chosenModel.peek();
    if (document === undefined || model === undefined) return;
    controller.current?.abort();
    const own = new AbortController();
    controller.current = own;
    problem.value = undefined;
    progress.value = { stage: "open", item: "", done: 0, total: 0, unit: "steps" };
    try {
      const { key, name, content } = document;
      const result = await work.call(
        "explain",
        {
          model: { place: model.place, runtime: runtimeChoice.peek(), precision: precision.peek() },
          document: { key, name, content },
          question,
          start: answer.start,
          end: answer.end,
          layer: layer.peek(),
          of: of.peek(),
        },
        { signal: own.signal, onProgress: (event) => (progress.value = event) },
      );
      // A newer choice is on its way.
      if (controller.current !== own) return;
      found.value = result;
      layer.value = result.layer;
      pointed.value = undefined;
      if (row.peek() !== undefined && result.rows.length <= (row.peek() ?? 0)) row.value = undefined;
    } catch (error) {
      const what = problemOf(error);
      if (controller.current !== own) return;
      if (what.code !== "aborted") problem.value = what;
      else if (found.peek() === undefined) onClose();
      else [layer.value, of.value] = [found.peek()?.layer, found.peek()?.of ?? "answer"];
    } finally {
      if (controller.current === own) progress.value = undefined;
    }
  };

  useEffect(() => {
    panel.current?.focus();
    void load();
    return () => {
      const last = controller.current;
      // What it ends with is nobody's any more.
      controller.current = undefined;
      last?.abort();
      clearHeat();
      // The second reading of the weights is freed with the panel.
      void work.call("closeExplanation", null).catch(() => undefined);
    };
  }, []);

  const grid = useComputed(() => (found.value === undefined ? undefined : attentionGrid(found.value, head.value)));
  const shown = useComputed(() => (grid.value === undefined ? undefined : shownGrid(grid.value, openedDocument.value?.text ?? "")));
  const shares = useComputed(() => (grid.value === undefined ? [] : sharesOf(grid.value, row.value)));
  useSignalEffect(() => {
    const token = pointed.value === undefined ? undefined : shown.value?.columns[pointed.value.column];
    const { start, end } = token ?? {};
    heatDocument(shares.value, start === undefined || end === undefined ? undefined : { start, end });
  });

  return (
    <section ref={panel} class="explanation" tabIndex={-1} aria-label={words.explain.heading}>
      <div class="line">
        <h4>{words.explain.heading}</h4>
        <button type="button" class="quiet icon" aria-label={`${words.explain.heading}: ${words.close}`} onClick={onClose}>
          ×
        </button>
      </div>
      <p class="muted">{words.explain.intro}</p>
      {progress.value !== undefined && <ProgressBar progress={progress.value} onCancel={() => controller.current?.abort()} />}
      {problem.value !== undefined && (
        <ProblemNote problem={problem.value}>
          <button type="button" class="small" onClick={() => void load()}>
            {words.problem.again}
          </button>
        </ProblemNote>
      )}
      {found.value !== undefined && grid.value !== undefined && shown.value !== undefined && (
        <>
          <div class="choices">
            <label>
              {words.explain.of}
              <select
                value={of.value}
                onChange={(event) => {
                  row.value = undefined;
                  of.value = event.currentTarget.value as AttentionOf;
                  void load();
                }}
              >
                <option value="answer">{words.explain.ofAnswer}</option>
                <option value="globals">{words.explain.ofGlobals}</option>
              </select>
            </label>
            <label>
              {words.explain.token}
              <select value={row.value ?? "all"} onChange={(event) => (row.value = numberOrAll(event.currentTarget.value))}>
                <option value="all">{words.explain.allTokens}</option>
                {grid.value.rows.map((token, index) => (
                  <option key={`${token.start ?? index}`} value={index}>
                    {shownToken(token.text)}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {words.explain.layer}
              <select
                value={layer.value}
                onChange={(event) => {
                  layer.value = Number(event.currentTarget.value);
                  void load();
                }}
              >
                {numbers(found.value.layers).map((index) => (
                  <option key={index} value={index}>
                    {index + 1}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {words.explain.head}
              <select value={head.value ?? "all"} onChange={(event) => (head.value = numberOrAll(event.currentTarget.value))}>
                <option value="all">{words.explain.allHeads}</option>
                {numbers(found.value.heads).map((index) => (
                  <option key={index} value={index}>
                    {index + 1}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <PictureOf grid={shown.value} of={found.value.of} window={found.value.window} pointed={pointed} />
          <Most
            grid={grid.value}
            shares={shares.value.slice(0, 8)}
            onPoint={(column) => {
              const { globals, columnTokens } = shown.value ?? { globals: 0, columnTokens: 1 };
              pointed.value = { row: row.value ?? 0, column: shownColumn(column, globals, columnTokens) };
            }}
          />
          <p class="muted">{words.explain.notReasons}</p>
        </>
      )}
    </section>
  );
}

function numberOrAll(chosen: string): number | undefined {
  return chosen === "all" ? undefined : Number(chosen);
}

function numbers(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}

interface MostProps {
  readonly grid: AttentionGrid;
  readonly shares: ReturnType<typeof sharesOf>;
  readonly onPoint: (column: number) => void;
}

/** A token with what stands beside it, which tells it from its twins. */
function Around({ token: { start = 0, end = 0 } }: { readonly token: SeenToken }): JSX.Element {
  const text = openedDocument.value?.text ?? "";
  return (
    <span class="around">
      …{text.slice(Math.max(0, start - 16), start)}
      <strong>{text.slice(start, end)}</strong>
      {text.slice(end, end + 10)}…
    </span>
  );
}

/** The same as the picture, for those who read rather than look. */
function Most({ grid, shares, onPoint }: MostProps): JSX.Element {
  const words = texts.value.explain;
  const most = shares[0]?.share ?? 1;
  return (
    <table class="most">
      <caption>{words.most}</caption>
      <thead>
        <tr>
          <th scope="col">{words.token}</th>
          <th scope="col">{words.where}</th>
          <th scope="col">{words.share}</th>
        </tr>
      </thead>
      <tbody>
        {shares.map(({ column, token, share }) => (
          <tr key={column} onPointerEnter={() => onPoint(column)}>
            <td>
              <code>{shownToken(token.text)}</code>
            </td>
            <td>{column < grid.globals ? words.inQuestion : token.start !== undefined && <Around token={token} />}</td>
            <td class="share">
              <meter min={0} max={most} value={share} aria-hidden="true" /> {percent(share)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
