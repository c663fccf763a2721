import type { OpenedModel } from "./open-model.ts";

/** The names of a classifier's labels: the configuration's `id2label`, else LABEL_0, LABEL_1, … as transformers calls them. */
export function labelNames({ config, labels }: OpenedModel): readonly string[] {
  const names: unknown = config.source.id2label;
  const given = typeof names === "object" && names !== null ? new Map(Object.entries(names)) : new Map<string, unknown>();
  return Array.from({ length: labels }, (_, index) => {
    const name = given.get(String(index));
    return typeof name === "string" ? name : `LABEL_${index}`;
  });
}
