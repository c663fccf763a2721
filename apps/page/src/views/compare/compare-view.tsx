import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { Comparison, Progress } from "../../protocol/calls.ts";
import type { ModelPlace } from "../../protocol/model-place.ts";
import type { Problem } from "../../protocol/problem.ts";
import { announcement } from "../../state/conversation.ts";
import { problemOf, work } from "../../state/work.ts";
import { texts } from "../../texts/language.ts";
import { count, measure } from "../../texts/numbers.ts";
import { CheckpointChooser } from "../look/checkpoint-chooser.tsx";
import { openedCheckpoint } from "../look/look-state.ts";
import { ProblemNote } from "../problem-note.tsx";
import { ProgressBar } from "../progress-bar.tsx";
import { TensorName } from "../tensor-name.tsx";
import { VirtualTable } from "../virtual-table.tsx";

const left = openedCheckpoint("left");
const right = openedCheckpoint("right");
const found = signal<Comparison | undefined>(undefined);
const progress = signal<Progress | undefined>(undefined);
const problem = signal<Problem | undefined>(undefined);
const onlyDifferent = signal(false);
let controller = new AbortController();

// A verdict is of the two that were compared: it goes with either of them.
for (const { inspection } of [left, right]) inspection.subscribe(forget);

function forget(): void {
  controller.abort();
  found.value = undefined;
  problem.value = undefined;
}

/** Into the first place that is free; else it is the second to be compared. */
export async function openToCompare(place: ModelPlace): Promise<void> {
  await (left.place.peek() === undefined ? left : right).open(place);
}

/** Two checkpoints, tensor by tensor. */
export function CompareView(): JSX.Element {
  const words = texts.value.compare;
  const ready = left.inspection.value !== undefined && right.inspection.value !== undefined;
  return (
    <div class="compare">
      <h1>{words.heading}</h1>
      <p class="lead">{words.intro}</p>
      <div class="pair">
        <CheckpointChooser label={words.left} opened={left} />
        <CheckpointChooser label={words.right} opened={right} />
      </div>
      <div class="actions">
        <button type="button" class="primary" disabled={!ready || progress.value !== undefined} onClick={() => void compare()}>
          {words.run}
        </button>
      </div>
      {progress.value !== undefined && (
        <section class="card">
          <ProgressBar progress={progress.value} onCancel={() => controller.abort()} />
        </section>
      )}
      {problem.value !== undefined && <ProblemNote problem={problem.value} />}
      {found.value !== undefined && <Result found={found.value} />}
    </div>
  );
}

async function compare(): Promise<void> {
  const [one, other] = [left.place.peek(), right.place.peek()];
  if (one === undefined || other === undefined || progress.peek() !== undefined) return;
  forget();
  const own = new AbortController();
  controller = own;
  progress.value = { stage: "compare", item: "", done: 0, total: 0, unit: "bytes" };
  try {
    const comparison = await work.call(
      "compare",
      { left: one, right: other },
      { signal: own.signal, onProgress: (event) => (progress.value = event) },
    );
    // It may have been on its way already when it was cancelled.
    if (own.signal.aborted) return;
    found.value = comparison;
    announcement.value = comparison.equal ? texts.peek().compare.same : texts.peek().compare.different;
  } catch (error) {
    const what = problemOf(error);
    if (!own.signal.aborted) problem.value = what;
  } finally {
    progress.value = undefined;
  }
}

function Result({ found }: { readonly found: Comparison }): JSX.Element {
  const words = texts.value.compare;
  const other = found.tensors.filter(({ differing }) => differing > 0);
  const rows = onlyDifferent.value ? other : found.tensors;
  return (
    <section class="card" aria-labelledby="result-heading">
      <h2 id="result-heading" class={found.equal ? "same" : "different"}>
        {found.equal ? words.same : words.different}
      </h2>
      <p>{found.equal ? words.sameDetail(count(found.compared)) : words.differentDetail(count(other.length), count(found.compared))}</p>
      <NameList heading={words.onlyLeft} names={found.onlyInLeft} />
      <NameList heading={words.onlyRight} names={found.onlyInRight} />
      <NameList heading={words.ignored} names={found.ignored.map(({ name }) => name)} />
      {other.length > 0 && (
        <label class="check">
          <input type="checkbox" checked={onlyDifferent.value} onChange={(event) => (onlyDifferent.value = event.currentTarget.checked)} />
          {words.onlyDifferent}
        </label>
      )}
      <VirtualTable
        label={words.heading}
        columns={[words.columns.name, words.columns.differing, words.columns.absolute, words.columns.relative]}
        rows={rows}
        rowKey={({ name }) => name}
        cells={({ name, differing, elements, maxAbsoluteDifference, maxRelativeDifference }) => [
          <span title={name}>
            <TensorName name={name} />
          </span>,
          differing === 0 ? <span class="same">{words.equal}</span> : `${count(differing)} / ${count(elements)}`,
          differing === 0 ? "" : measure(maxAbsoluteDifference),
          differing === 0 ? "" : measure(maxRelativeDifference),
        ]}
      />
    </section>
  );
}

function NameList({ heading, names }: { readonly heading: string; readonly names: readonly string[] }): JSX.Element | undefined {
  if (names.length === 0) return undefined;
  return (
    <details>
      <summary>
        {heading} ({count(names.length)})
      </summary>
      <ul class="left">
        {names.map((name) => (
          <li key={name}>
            <code>{name}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
