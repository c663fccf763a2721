import type { Extension } from "../../longformer/extend-config.ts";

/** What was done to a RoBERTa, and what is left to do, in sentences. */
export function describeExtension({ modelType, sourceLength, maxLength, window, reservedPositions }: Extension): readonly string[] {
  const windows = new Set(window).size === 1 ? `window ${window[0]}` : `windows ${window.join(", ")}`;
  return [
    `A new Longformer is made of this model (model_type "${modelType}") as the published recipe makes it: ${windows}; positions for ${maxLength} tokens, the ${sourceLength} that there were over and over (the first ${reservedPositions} rows, which stand for no position, once); query, key and value of ${window.length} layers copied into query_global, key_global and value_global. All else is as it was.`,
    `It should now be trained, first of all on the masked language modelling of long texts: of texts beyond ${sourceLength} tokens it has learnt nothing yet. Texts of at most ${Math.min(sourceLength, Math.min(...window) / 2 + 1)} tokens, which see each other whole, give what the source gives.`,
  ];
}
