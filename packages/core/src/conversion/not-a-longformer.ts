import { LongspanError } from "../errors/longspan-error.ts";
import type { LayoutMatch } from "./match-layout.ts";
import type { NamedEntry } from "./models-in-file.ts";

/** What only a Longformer has. */
const globalProjection = /^encoder\.layer\.\d+\.attention\.self\.query_global\.weight$/;
const localProjection = /^encoder\.layer\.\d+\.attention\.self\.query\.weight$/;

/** @throws LongspanError `not-a-longformer` when the names are those of another model, or nobody's. */
export function requireLongformer(match: LayoutMatch, entries: readonly NamedEntry[], source: string): void {
  const { local, global } = countLayers(match);
  if (global > 0) return;
  if (local === 0) throw notALongformer(entries, source);
  const way = otherModel.test(match.prefix)
    ? "Longspan makes Longformers of RoBERTa, XLM-R and CamemBERT only (longspan extend); convert the Longformer made from it."
    : "Convert the Longformer made from it; if it is a RoBERTa, XLM-R or CamemBERT, longspan extend (option extend) makes one.";
  throw new LongspanError(
    "not-a-longformer",
    `${source} is named like BERT or RoBERTa: it has ordinary attention (query, key, value) in ${local} layers, but none of the query_global, key_global, value_global projections that make a Longformer. ${way}`,
    { details: { source } },
  );
}

/** @throws LongspanError `not-a-longformer` when the names are no RoBERTa's; `argument-invalid` when the model already is a Longformer. */
export function requireRoberta(match: LayoutMatch, entries: readonly NamedEntry[], source: string): void {
  const { local, global } = countLayers(match);
  if (global > 0) {
    throw new LongspanError(
      "argument-invalid",
      `${source} already is a Longformer, or was given its attention: ${global} of its layers have the global projections that extending would make. Convert it as it is.`,
      { details: { source } },
    );
  }
  if (local === 0) throw notALongformer(entries, source);
}

/** The last module before the trunk's names, where it is the model's own name and not RoBERTa's. */
const otherModel = /(?:^|\.)(?:bert|electra|deberta|albert|mpnet|distilbert)\.$/;

function countLayers(match: LayoutMatch): { readonly local: number; readonly global: number } {
  const canonical = match.readings.flat().flatMap((reading) => (reading.kind === "parameter" ? [reading.canonicalName] : []));
  const count = (pattern: RegExp): number => canonical.filter((name) => pattern.test(name)).length;
  return { local: count(localProjection), global: count(globalProjection) };
}

/** The error for names that no layout knows. */
export function notALongformer(entries: readonly NamedEntry[], source: string): LongspanError {
  const encoderDecoder = entries.some(({ sourceName }) => sourceName.includes("longformer_self_attn"))
    ? " These are names of LED, the encoder-decoder Longformer, which is another model."
    : "";
  const shown = entries
    .slice(0, 3)
    .map(({ sourceName }) => `"${sourceName}"`)
    .join(", ");
  return new LongspanError(
    "not-a-longformer",
    entries.length === 0
      ? `${source} has no tensors.`
      : `${source}: its ${entries.length} tensors (${shown}${entries.length > 3 ? ", …" : ""}) are not named as any known layout names a Longformer's.${encoderDecoder} If it is one, describe its names with a layout file (--from-layout).`,
    { details: { source, tensors: entries.length } },
  );
}
