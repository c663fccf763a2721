import type { DataType } from "../tensor/data-type.ts";
import { architectures } from "../longformer/head.ts";
import type { LongformerSpec } from "../longformer/spec.ts";

/**
 * config.json for a spec, in Hugging Face's keys: the source's own, with the head's class in `architectures`, and with labels and
 * element type where the source's would be wrong. Keys that are not ours stay as they are.
 */
export function huggingFaceConfig(spec: LongformerSpec, dataType: DataType | undefined): Readonly<Record<string, unknown>> {
  const { source } = spec.config;
  const written: Record<string, unknown> = {
    ...source,
    architectures: [architectures[spec.head]],
    model_type: "longformer",
    attention_window: [...spec.config.attentionWindow],
  };
  const labels = labelsOf(spec);
  if (labels !== undefined && spec.config.labels === undefined && labels !== 2) {
    written.id2label = Object.fromEntries(Array.from({ length: labels }, (_, index) => [String(index), `LABEL_${index}`]));
    written.label2id = Object.fromEntries(Array.from({ length: labels }, (_, index) => [`LABEL_${index}`, index]));
  }
  if (dataType !== undefined) {
    for (const key of ["dtype", "torch_dtype"]) if (source[key] !== undefined) written[key] = dataType;
  }
  return written;
}

/** Rows of the classifier; undefined for heads without labels. */
function labelsOf(spec: LongformerSpec): number | undefined {
  const name = {
    "question-answering": "qa_outputs.bias",
    "sequence-classification": "classifier.out_proj.bias",
    "token-classification": "classifier.bias",
  } as const;
  return spec.head in name ? spec.parameter(name[spec.head as keyof typeof name])?.shape[0] : undefined;
}
