import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { JSX } from "preact";
import { texts } from "../../texts/language.ts";
import { PlaceButtons } from "../file-buttons.tsx";
import { ProblemNote } from "../problem-note.tsx";
import { ProgressBar } from "../progress-bar.tsx";
import { formatInWords } from "./checkpoint-words.ts";
import type { OpenedCheckpoint } from "./look-state.ts";

export interface CheckpointChooserProps {
  readonly label: string;
  readonly opened: OpenedCheckpoint;
  /** Its name is the heading once it is open; what else there is to say stands elsewhere. */
  readonly headed?: boolean;
}

/** Chooses a checkpoint, and says which one is open. */
export function CheckpointChooser({ label, opened, headed = false }: CheckpointChooserProps): JSX.Element {
  const words = texts.value.look;
  const again = useSignal(false);
  const id = useId();
  const { inspection, progress, problem } = opened;
  // What was typed stays while it is opened, in case that fails.
  const choosing = inspection.value === undefined || again.value;
  const name = inspection.value?.name.split("/").at(-1);
  return (
    <section class="card" aria-labelledby={id}>
      <div class="line">
        <h2 id={id}>{(headed ? name : undefined) ?? label}</h2>
        {inspection.value !== undefined && (
          <button type="button" class="small" aria-expanded={again.value} onClick={() => (again.value = !again.value)}>
            {words.another}
          </button>
        )}
      </div>
      {inspection.value !== undefined && !headed && (
        <p class="chosen">
          <strong>{name}</strong>
          <span class="muted">{formatInWords(inspection.value)}</span>
        </p>
      )}
      {progress.value !== undefined && <ProgressBar progress={progress.value} onCancel={opened.cancel} />}
      {problem.value !== undefined && <ProblemNote problem={problem.value} />}
      {choosing && (
        <PlaceButtons
          onPlace={(place) => {
            again.value = false;
            void opened.open(place);
          }}
        />
      )}
    </section>
  );
}
