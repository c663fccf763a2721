import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { AttentionOf } from "../../protocol/calls.ts";
import { colors } from "../../state/appearance.ts";
import { texts } from "../../texts/language.ts";
import { count, percent } from "../../texts/numbers.ts";
import { cellAt, drawPicture, pictureSize, type AttentionGrid, type Cell } from "./attention-picture.ts";
import { shownToken } from "./shown-token.ts";

export interface PictureProps {
  readonly grid: AttentionGrid;
  readonly of: AttentionOf;
  readonly window: number;
  readonly pointed: Signal<Cell | undefined>;
}

/** The grid as a picture that can be pointed at, or walked through with the arrow keys. */
export function PictureOf({ grid, of, window, pointed }: PictureProps): JSX.Element {
  const words = texts.value.explain;
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const room = useSignal(320);
  const id = useId();
  const size = pictureSize(grid, room.value);
  const cell = pointed.value;
  // A canvas keeps what was drawn: other colours need another drawing.
  void colors.value;

  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => (room.value = element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (canvas.current === null) return;
    const style = getComputedStyle(canvas.current);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    drawPicture(
      canvas.current,
      grid,
      size,
      { empty: color("--heat-empty"), full: color("--heat-full"), pointed: color("--text-color") },
      cell,
    );
  });

  const move = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const from = cell ?? { row: 0, column: -1 };
    pointed.value = {
      row: Math.max(0, Math.min(grid.rows.length - 1, from.row + step[0])),
      column: Math.max(0, Math.min(grid.columns.length - 1, from.column + step[1])),
    };
  };

  return (
    <figure class="picture">
      <figcaption>
        <span class="legend">
          {words.globals} <i aria-hidden="true">│</i> {of === "answer" ? words.around(count(window)) : words.whole}
        </span>
        <span class="muted">{of === "answer" ? words.rows : words.globalRows(count(grid.columnTokens))}</span>
      </figcaption>
      <div class="grid">
        <ol class="tokens" aria-hidden="true">
          {grid.rows.map((token, index) => (
            <li key={`${token.start ?? index}`} class={size.cellHeight < 16 ? "dense" : undefined}>
              {shownToken(token.text)}
            </li>
          ))}
        </ol>
        <div
          ref={frame}
          class="frame"
          role="group"
          tabIndex={0}
          aria-label={of === "answer" ? words.picture : words.globalPicture}
          aria-describedby={id}
          onKeyDown={move}
          onPointerMove={(event) => {
            const box = canvas.current?.getBoundingClientRect();
            if (box !== undefined) pointed.value = cellAt(grid, size, event.clientX - box.left, event.clientY - box.top);
          }}
          onPointerLeave={() => (pointed.value = undefined)}
        >
          <canvas ref={canvas} aria-hidden="true" style={{ width: `${size.width}px`, height: `${size.height}px` }} />
        </div>
      </div>
      <output id={id} class="readout">
        {cell === undefined ? words.hover : inWords(grid, cell)}
      </output>
    </figure>
  );
}

function inWords(grid: AttentionGrid, { row, column }: Cell): string {
  const value = grid.values[row * grid.columns.length + column] ?? 0;
  return texts.value.explain.cell(
    shownToken(grid.rows[row]?.text ?? ""),
    shortened(shownToken(grid.columns[column]?.text ?? "")),
    percent(value),
  );
}

/** A column may be many tokens. */
function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 28)} … ${text.slice(-28)}`;
}
