import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Progress, TensorRow, TensorStatistics } from "../../protocol/calls.ts";
import type { ModelPlace } from "../../protocol/model-place.ts";
import type { Problem } from "../../protocol/problem.ts";
import { problemOf, work } from "../../state/work.ts";
import { texts } from "../../texts/language.ts";
import { count, measure } from "../../texts/numbers.ts";
import { layoutInWords } from "./checkpoint-words.ts";
import { ProblemNote } from "../problem-note.tsx";
import { ProgressBar } from "../progress-bar.tsx";
import { TensorName } from "../tensor-name.tsx";

export interface TensorDetailsProps {
  readonly row: TensorRow;
  readonly index: number;
  readonly place: ModelPlace;
  readonly onClose: () => void;
}

/** One tensor: its names everywhere, and its values when they are asked for. */
export function TensorDetails({ row, index, place, onClose }: TensorDetailsProps): JSX.Element {
  const words = texts.value.look;
  const statistics = useSignal<TensorStatistics | undefined>(undefined);
  const progress = useSignal<Progress | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const controller = useRef(new AbortController());
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    panel.current?.focus();
    return () => controller.current.abort();
  }, []);
  const read = async (): Promise<void> => {
    controller.current = new AbortController();
    problem.value = undefined;
    progress.value = { stage: "statistics", item: row.name, done: 0, total: 0, unit: "steps" };
    try {
      statistics.value = await work.call(
        "statistics",
        { slot: "look", place, tensor: index },
        { signal: controller.current.signal, onProgress: (event) => (progress.value = event) },
      );
    } catch (error) {
      const what = problemOf(error);
      if (what.code !== "aborted") problem.value = what;
    } finally {
      progress.value = undefined;
    }
  };
  const canonical = row.canonicalName === null ? [] : [[words.columns.canonical, row.canonicalName] as const];
  const names = [...canonical, ...Object.entries(row.otherNames)];
  return (
    <section ref={panel} class="details" tabIndex={-1} aria-label={`${words.details} ${row.name}`}>
      <div class="line">
        <h3>
          <TensorName name={row.name} />
        </h3>
        <button type="button" class="quiet icon" aria-label={words.close} onClick={onClose}>
          ×
        </button>
      </div>
      {row.reason !== undefined && (
        <p class="muted" lang="en">
          {row.reason}
        </p>
      )}
      <h4>{words.names}</h4>
      {names.length === 0 ? (
        <p class="muted">{words.noNames}</p>
      ) : (
        <dl class="names">
          {names.map(([layout, name]) => (
            <div key={layout}>
              <dt>{layoutInWords(layout)}</dt>
              <dd>
                <TensorName name={name} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <h4>{words.statistics}</h4>
      {statistics.value === undefined && progress.value === undefined && (
        <button type="button" onClick={() => void read()}>
          {words.count}
        </button>
      )}
      {progress.value !== undefined && <ProgressBar progress={progress.value} onCancel={() => controller.current.abort()} />}
      {problem.value !== undefined && <ProblemNote problem={problem.value} />}
      {statistics.value !== undefined && <Statistics found={statistics.value} />}
    </section>
  );
}

function Statistics({ found }: { readonly found: TensorStatistics }): JSX.Element {
  const words = texts.value.look;
  const most = Math.max(...found.histogram, 1);
  const width = 100 / found.histogram.length;
  const label = words.histogram(measure(found.minimum), measure(found.maximum));
  return (
    <>
      <svg class="histogram" viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={label}>
        {found.histogram.map((size, step) => (
          // Steps have no other name than their place.
          // oxlint-disable-next-line react/no-array-index-key
          <rect key={step} x={step * width} width={width * 0.85} y={40 - (size / most) * 40} height={(size / most) * 40} />
        ))}
      </svg>
      <div class="line ends muted">
        <span>{measure(found.minimum)}</span>
        <span>{measure(found.maximum)}</span>
      </div>
      <dl class="figures">
        {(["minimum", "maximum", "mean", "deviation"] as const).map((name) => (
          <div key={name}>
            <dt>{words.stats[name]}</dt>
            <dd>{measure(found[name])}</dd>
          </div>
        ))}
        {(["zeros", "notFinite"] as const).map((name) => (
          <div key={name}>
            <dt>{words.stats[name]}</dt>
            <dd>{count(found[name])}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
