import { bytesSource } from "../bytes/bytes-source.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { checkedWeights } from "../conversion/checked-weights.ts";
import { parseLongformerConfig } from "../longformer/parse-config.ts";
import type { AnyHead } from "../longformer/head-definition.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { floatConversion } from "../tensor/convert-floats.ts";
import { bytesPerElement, elementCount, type DataType } from "../tensor/data-type.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";

/** The model that `seededCheckpoint` makes. */
export interface SeededCheckpointOptions {
  /** Whose parameters it has. */
  /** One of transformers', by its name, or one of one's own. */
  readonly head: AnyHead;
  /** Float type of all tensors; default float32. */
  readonly dataType?: DataType;
  /** Keeps the pooler beside a head that does not use it. */
  readonly unused?: boolean;
  /** config.json; default: `smallConfig`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Two layers, every linear weight but the attention's rectangular, two windows, a key that no framework knows. */
export const smallConfig: Readonly<Record<string, unknown>> = {
  architectures: ["LongformerModel"],
  attention_window: [4, 8],
  bos_token_id: 0,
  eos_token_id: 2,
  hidden_act: "gelu",
  hidden_size: 8,
  intermediate_size: 12,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 18,
  model_type: "longformer",
  num_attention_heads: 2,
  num_hidden_layers: 2,
  pad_token_id: 1,
  sep_token_id: 2,
  somebody_elses_key: { kept: true },
  type_vocab_size: 1,
  vocab_size: 20,
};

/**
 * A checkpoint in memory, in the canonical layout, whose values tell their tensor and place: for testing adapters without a file.
 * No two elements of it are equal, so a wrong transpose of a square matrix shows.
 */
export function seededCheckpoint({
  head,
  dataType = "float32",
  unused = false,
  config: raw = smallConfig,
}: SeededCheckpointOptions): Checkpoint {
  const { config } = parseLongformerConfig(raw);
  const spec = createLongformerSpec(config, head);
  const kept = spec.parameters.filter(({ need }) => unused || need !== "unused");
  let first = 0;
  const tensors = kept.map(({ name, shape }) => {
    const count = elementCount(shape);
    // Integers up to 2^8 fit even bfloat16 exactly; the sign and the tensor's turn spread them.
    const wide = Float32Array.from({ length: count }, (_, index) => seededValue(first + index));
    first += count;
    const bytes = new Uint8Array(count * bytesPerElement(dataType));
    floatConversion("float32", dataType)(new Uint8Array(wide.buffer), bytes);
    const storage = { source: bytesSource(bytes, name), offset: 0, byteLength: bytes.byteLength };
    return {
      sourceName: name,
      tensor: stridedTensor({ name, dataType, shape, storage }),
      canonicalName: name,
      transposed: false,
      role: "parameter" as const,
    };
  });
  const checkpoint: Checkpoint = {
    name: "seeded",
    container: "memory",
    envelope: "memory",
    layout: "canonical",
    prefix: "",
    orientation: "declared",
    head,
    config,
    configOrigin: "seeded",
    spec,
    tensors,
    models: [],
    unreadable: [],
    dropped: [],
    metadata: new Map(),
    warnings: [],
    problem: undefined,
    files: memoryFileSet("seeded", {}),
    checkUnchanged: async () => {},
    weights: () => checkedWeights(checkpoint),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return checkpoint;
}

/** Distinct over 65,536 neighbours in float32; in 16-bit types distinct over their precision. */
function seededValue(index: number): number {
  return ((index * 40503) % 65536) / 256 - 128;
}
