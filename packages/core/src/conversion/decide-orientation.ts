import type { EnvelopeTensor } from "../adapter/envelope.ts";
import type { Orientation } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { LayoutMatch } from "./match-layout.ts";

/**
 * Whether the linear weights lie as the layout says or all transposed. Decided by rectangular matrices alone, each against
 * the length of its own bias (a linear layer's outputs): a square one cannot tell. A tied decoder is heard only where there is no other:
 * scripts that transpose "all linear weights" disagree about it, and it is compared with what it repeats anyway. Undefined when there is no
 * rectangular one.
 * @throws LongspanError `orientation-mixed` naming one weight of each kind.
 */
export function decideOrientation(tensors: readonly EnvelopeTensor[], match: LayoutMatch): Orientation | undefined {
  const isTied = (index: number): boolean => match.readings[index]?.some(({ kind }) => kind === "alias") === true;
  return orientationOf(tensors, match, (index) => !isTied(index)) ?? orientationOf(tensors, match, () => true);
}

function orientationOf(
  tensors: readonly EnvelopeTensor[],
  match: LayoutMatch,
  isHeard: (index: number) => boolean,
): Orientation | undefined {
  const byCanonical = new Map<string, { tensor: EnvelopeTensor; transpose: boolean }>();
  for (const [index, tensor] of tensors.entries()) {
    for (const reading of isHeard(index) ? (match.readings[index] ?? []) : []) {
      if (reading.kind === "parameter") byCanonical.set(reading.canonicalName, { tensor, transpose: reading.transpose });
    }
  }
  let declared: EnvelopeTensor | undefined;
  let transposed: EnvelopeTensor | undefined;
  for (const [name, { tensor, transpose }] of byCanonical) {
    if (!name.endsWith(".weight")) continue;
    const outputs = byCanonical.get(`${name.slice(0, -"weight".length)}bias`)?.tensor.tensor.shape;
    const [rows, columns] = tensor.tensor.shape;
    if (tensor.tensor.shape.length !== 2 || outputs?.length !== 1 || rows === columns) continue;
    if (rows !== outputs[0] && columns !== outputs[0]) continue;
    const transposedInFile = columns === outputs[0];
    if (transposedInFile === transpose) declared ??= tensor;
    else transposed ??= tensor;
  }
  if (declared !== undefined && transposed !== undefined) {
    throw new LongspanError(
      "orientation-mixed",
      `"${declared.sourceName}" has shape [${declared.tensor.shape.join(", ")}] and lies as the layout "${match.parsed.layout.name}" says, but "${transposed.sourceName}" has shape [${transposed.tensor.shape.join(", ")}] and lies transposed. Square weights cannot tell which is right, so nothing is converted: write the file again with one orientation.`,
      { details: { declared: declared.sourceName, transposed: transposed.sourceName } },
    );
  }
  if (declared !== undefined) return "declared";
  return transposed === undefined ? undefined : "transposed";
}
