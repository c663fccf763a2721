import type { EnvelopeContents } from "../../adapter/envelope.ts";
import { LongspanError } from "../../errors/longspan-error.ts";
import type { Extension } from "../../longformer/extend-config.ts";
import type { Reading } from "../../rules/parse-layout.ts";
import type { LayoutMatch } from "../match-layout.ts";
import { extendedPositions } from "./extended-positions.ts";

const positionTable = "embeddings.position_embeddings.weight";
const localProjection = /^(encoder\.layer\.\d+\.attention\.self\.(?:query|key|value))\.(weight|bias)$/;

/** What a file holds, and how a layout reads it. */
export interface ReadContents {
  readonly contents: EnvelopeContents;
  readonly match: LayoutMatch;
}

/**
 * A RoBERTa's tensors as those of the Longformer that the published recipe makes of it: each layer's query, key and value stand for their
 * `…_global` counterparts too, and the position table is repeated until it is long enough. Everything is lazy, and reads as the source
 * does: in its names' orientation, unreadable tensors included.
 * @throws LongspanError `config-mismatch` when the position table has other rows than the configuration says.
 */
export function extendTensors({ contents, match }: ReadContents, extension: Extension, source: string): ReadContents {
  const tensors: EnvelopeContents["tensors"][number][] = [];
  const readings: (readonly Reading[])[] = [];
  for (const [index, entry] of contents.tensors.entries()) {
    const read = match.readings[index] ?? [];
    // A second name of the table is lengthened as well, so that the two can be compared.
    const isPositions = read.some((reading) => reading.kind !== "drop" && reading.canonicalName === positionTable);
    tensors.push(isPositions ? { ...entry, tensor: lengthened(entry, extension, source) } : entry);
    readings.push(read);
  }
  const copies = contents.tensors.flatMap((entry, index) => {
    const global = globalReadings(match.readings[index]);
    return global.length === 0 ? [] : [{ entry, global }];
  });
  const unreadable = contents.unreadable ?? [];
  const unreadableCopies = unreadable.flatMap((entry, index) => {
    const global = globalReadings(match.readings[contents.tensors.length + index]);
    return global.length === 0 ? [] : [{ entry, global }];
  });
  return {
    contents: {
      ...contents,
      tensors: [...tensors, ...copies.map(({ entry }) => entry)],
      unreadable: [...unreadable, ...unreadableCopies.map(({ entry }) => entry)],
    },
    match: {
      ...match,
      readings: [
        ...readings,
        ...copies.map(({ global }) => global),
        ...match.readings.slice(contents.tensors.length),
        ...unreadableCopies.map(({ global }) => global),
      ],
    },
  };
}

/** What a local projection is besides: the global one of its kind. */
function globalReadings(readings: readonly Reading[] = []): readonly Reading[] {
  return readings.flatMap((reading): Reading[] => {
    if (reading.kind !== "parameter" || !localProjection.test(reading.canonicalName)) return [];
    return [{ ...reading, canonicalName: reading.canonicalName.replace(localProjection, "$1_global.$2") }];
  });
}

function lengthened(
  { sourceName, tensor }: EnvelopeContents["tensors"][number],
  { sourceLength, maxLength, reservedPositions }: Extension,
  source: string,
): EnvelopeContents["tensors"][number]["tensor"] {
  const rows = sourceLength + reservedPositions;
  if (tensor.shape.length !== 2 || tensor.shape[0] !== rows) {
    throw new LongspanError(
      "config-mismatch",
      `${source} disagrees with its configuration: "${sourceName}" has [${tensor.shape.join(", ")}], and max_position_embeddings is ${rows}. Give the configuration these weights were trained with (--config).`,
      { details: { tensor: sourceName, shape: tensor.shape, rows } },
    );
  }
  return extendedPositions(tensor, maxLength + reservedPositions, reservedPositions);
}
