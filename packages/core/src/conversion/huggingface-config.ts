import type { DataType } from "../tensor/data-type.ts";
import { headRecord } from "../longformer/head-definition.ts";
import type { LongformerSpec } from "../longformer/spec.ts";

/**
 * config.json for a spec, in Hugging Face's keys: the source's own, with the head's class in `architectures`, and with labels and
 * element type where the source's would be wrong. Keys that are not ours stay as they are.
 */
export function huggingFaceConfig(spec: LongformerSpec, dataType: DataType | undefined): Readonly<Record<string, unknown>> {
  const { labels, config } = spec;
  const { source } = config;
  const written: Record<string, unknown> = {
    ...source,
    architectures: [headRecord(spec.head).architecture],
    model_type: "longformer",
    attention_window: [...config.attentionWindow],
  };
  if (config.labels === undefined && labels !== headRecord(spec.head).defaultLabels) {
    written.id2label = Object.fromEntries(Array.from({ length: labels }, (_, index) => [String(index), `LABEL_${index}`]));
    written.label2id = Object.fromEntries(Array.from({ length: labels }, (_, index) => [`LABEL_${index}`, index]));
  }
  if (dataType !== undefined) {
    for (const key of ["dtype", "torch_dtype"]) if (source[key] !== undefined) written[key] = dataType;
  }
  return written;
}
