import { LongspanError } from "../errors/longspan-error.ts";
import type { LayoutMatch } from "./match-layout.ts";
import type { NamedEntry } from "./models-in-file.ts";

/** What only a Longformer has. */
const globalProjection = /^encoder\.layer\.\d+\.attention\.self\.query_global\.weight$/;
const localProjection = /^encoder\.layer\.\d+\.attention\.self\.query\.weight$/;

/** @throws LongspanError `not-a-longformer` when the names are those of another model, or nobody's. */
export function requireLongformer(match: LayoutMatch, entries: readonly NamedEntry[], source: string): void {
  const canonical = match.readings.flat().flatMap((reading) => (reading.kind === "parameter" ? [reading.canonicalName] : []));
  if (canonical.some((name) => globalProjection.test(name))) return;
  const layers = canonical.filter((name) => localProjection.test(name)).length;
  if (layers > 0) {
    throw new LongspanError(
      "not-a-longformer",
      `${source} is named like BERT or RoBERTa: it has ordinary attention (query, key, value) in ${layers} layers, but none of the query_global, key_global, value_global projections that make a Longformer. Convert the Longformer made from it.`,
      { details: { source } },
    );
  }
  throw notALongformer(entries, source);
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
    `${source}: its ${entries.length} tensors (${shown}${entries.length > 3 ? ", …" : ""}) are not named as any known layout names a Longformer's.${encoderDecoder} If it is one, describe its names with a layout file (--from-layout).`,
    { details: { source, tensors: entries.length } },
  );
}
