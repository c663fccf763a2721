import { addDimensions, type Dimension, divideDimensionUp, multiplyDimensions } from "@longspan/core/graph";

/** How `longformerAttention` is cut into products of matrices. */
export interface AttentionTiling {
  /** Queries that share one window of keys: they see `window + blockSize` keys and all global tokens. */
  readonly blockSize: number;
  /** Heads whose scores stand in memory at once. */
  readonly headGroup: number;
}

/**
 * More queries to a block mean more keys that only some of them may see, and more work for short inputs; fewer mean that each key is
 * copied into more windows. Measured with onnxruntime on the CPU for windows of 512: 64 to 128 hardly differ at 4,096 tokens.
 */
const blockSizes = { min: 32, max: 64 };

/** Bytes of scores that one group of heads should have at most, for the sequence length of the published models and some global tokens. */
const comfortable = { bytes: 24 * 2 ** 20, sequence: 4096, globals: 64 };

function attentionTiling(heads: number, window: number): AttentionTiling {
  const blockSize = Math.min(blockSizes.max, Math.max(blockSizes.min, window / 2));
  const bytesOfHead = comfortable.sequence * (window + blockSize + comfortable.globals) * Float32Array.BYTES_PER_ELEMENT;
  const max = Math.max(1, Math.floor(comfortable.bytes / bytesOfHead));
  const headGroup = Array.from({ length: heads }, (_, index) => index + 1).findLast((size) => size <= max && heads % size === 0) ?? 1;
  return { blockSize, headGroup };
}

/** The sizes that one `longformerAttention` works with. */
export interface AttentionShape extends AttentionTiling {
  readonly batch: Dimension;
  readonly sequence: Dimension;
  readonly hidden: number;
  readonly heads: number;
  readonly headSize: number;
  /** One side of the window. */
  readonly side: number;
  /** Blocks of queries; the last may reach beyond the sequence. */
  readonly blocks: Dimension;
  /** Global tokens of the fullest row, at least 1. */
  readonly slots: string;
  /** Keys that a block sees: its window, then all slots. */
  readonly keys: Dimension;
}

export function attentionShape(
  { batch, sequence, hidden }: Pick<AttentionShape, "batch" | "sequence" | "hidden">,
  { heads, window, slots }: { readonly heads: number; readonly window: number; readonly slots: string },
  tiling: AttentionTiling = attentionTiling(heads, window),
): AttentionShape {
  return {
    ...tiling,
    batch,
    sequence,
    hidden,
    heads,
    headSize: hidden / heads,
    side: window / 2,
    blocks: divideDimensionUp(sequence, tiling.blockSize),
    slots,
    keys: addDimensions(window + tiling.blockSize, slots),
  };
}

/** The key under which what depends on the mask and the sizes alone is shared between layers. */
export function sharingKey({ blockSize, headGroup, heads, hidden, side }: AttentionShape, mask: string): string {
  return `attention ${mask} ${side} ${heads} ${hidden} ${blockSize} ${headGroup}`;
}

/** Rows of one head's context that a group of heads has: batch · blocks · headGroup · blockSize. */
export function groupRows({ batch, blocks, headGroup, blockSize }: AttentionShape): Dimension {
  return multiplyDimensions(batch, blocks, headGroup * blockSize);
}
