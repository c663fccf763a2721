import type { CheckpointTensor } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { maxLabels } from "../longformer/config.ts";
import type { LongformerSpec } from "../longformer/spec.ts";

/** A tensor of more bytes than this must be in its file: what repeats to that size is no parameter, but would be written, or compared, for hours. */
const maxRepeatedBytes = 2 ** 30;

/**
 * Refuses what a few bytes of a file blow up: a view of a storage that it repeats (stride 0), and a classifier of a size that no classifier has, of
 * which the configuration would name every label.
 * @throws LongspanError `tensor-invalid`, `weights-mismatch`, before anything of such a size is made
 */
export function checkSizes(source: string, spec: LongformerSpec, parameters: Iterable<CheckpointTensor>): void {
  for (const { sourceName, tensor } of parameters) {
    const { byteLength, shape, dataType, storage } = tensor;
    const stored = storage.bytes?.byteLength ?? byteLength;
    if (byteLength <= maxRepeatedBytes || byteLength <= stored) continue;
    throw new LongspanError(
      "tensor-invalid",
      `${source}: "${sourceName}" is ${dataType} [${shape.join(", ")}], ${byteLength} bytes, over a storage of ${stored} that it repeats. No trained parameter is: the file is damaged, or made to exhaust disks.`,
      { details: { tensor: sourceName, shape, storageBytes: stored } },
    );
  }
  if (spec.labels <= maxLabels) return;
  throw new LongspanError(
    "weights-mismatch",
    `${source}: the bias of its last layer has ${spec.labels} elements, one for each label; at most ${maxLabels} labels are converted. The file is damaged, or of another model.`,
    { details: { labels: spec.labels, limit: maxLabels } },
  );
}
