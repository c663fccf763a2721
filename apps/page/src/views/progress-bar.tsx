import type { JSX } from "preact";
import type { Progress } from "../protocol/calls.ts";
import { texts } from "../texts/language.ts";
import { bytes } from "../texts/numbers.ts";

/** What is being done, how far it is, and a button that ends it. */
export function ProgressBar({
  progress,
  onCancel,
}: {
  readonly progress: Progress | undefined;
  readonly onCancel?: () => void;
}): JSX.Element {
  const words = texts.value;
  const { done = 0, total = 0, unit } = progress ?? {};
  const what = describeStage(progress);
  return (
    <div class="progress">
      <div class="line">
        <span>{what}</span>
        <span class="muted">{unit === "bytes" && total > 0 && words.progress.of(bytes(done), bytes(total))}</span>
      </div>
      <div class="line">
        <progress aria-label={what} max={total === 0 ? undefined : total} value={total === 0 ? undefined : done} />
        {onCancel !== undefined && (
          <button type="button" class="small" onClick={onCancel}>
            {words.ask.cancel}
          </button>
        )}
      </div>
    </div>
  );
}

/** The stage in words: what a screen reader is told when it begins. */
export function describeStage(progress: Progress | undefined): string {
  const words = texts.value;
  if (progress === undefined) return words.ask.waiting;
  const { stage, item, done, total } = progress;
  if (stage === "download") return words.progress.download(item);
  if (stage === "answer") return total > 1 ? words.progress.answer(Math.min(total, Math.floor(done) + 1), total) : words.progress.answerOne;
  return words.progress[stage];
}
