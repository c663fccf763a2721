import type { JSX } from "preact";
import { texts } from "../../texts/language.ts";
import { CheckpointChooser } from "./checkpoint-chooser.tsx";
import { CheckpointFacts } from "./checkpoint-facts.tsx";
import { looked } from "./look-state.ts";
import { TensorTable } from "./tensor-table.tsx";

/** What a checkpoint is, and its tensors. */
export function LookView(): JSX.Element {
  const words = texts.value.look;
  const inspection = looked.inspection.value;
  const place = looked.place.value;
  return (
    <div class="look">
      <h1>{words.heading}</h1>
      <p class="lead">{words.intro}</p>
      <CheckpointChooser label={words.choose} opened={looked} headed />
      {inspection !== undefined && place !== undefined && (
        <>
          <CheckpointFacts inspection={inspection} />
          <TensorTable key={inspection.name} inspection={inspection} place={place} />
        </>
      )}
    </div>
  );
}
