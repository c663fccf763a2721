import { divideDimensionUp, multiplyDimensions, type Dimension } from "../../dimension.ts";
import type { GraphBuilder } from "../../graph-builder.ts";
import { scalar } from "../../layers.ts";
import { equal } from "../../operations/equal.ts";
import { nonzero } from "../../operations/nonzero.ts";
import { maskCodes } from "../../operations/longformer-attention.ts";
import type { Value } from "../../value.ts";
import { expressions, type Expressions } from "./expressions.ts";

interface AttentionSizes {
  readonly batch: Dimension;
  readonly sequence: Dimension;
  /** Of a token: `heads` times `headSize`. */
  readonly hidden: number;
  readonly heads: number;
  readonly headSize: number;
  /** One side of the window, and the size of a block of queries. */
  readonly side: number;
  readonly blocks: Dimension;
  /** Queries with the padding that fills the last block. */
  readonly rows: Dimension;
  /** The symbol for how many global tokens a row has room for. */
  readonly slots: string;
}

/** What every part of the lowering works with. */
export interface AttentionScope {
  readonly sizes: AttentionSizes;
  readonly express: Expressions;
  /** float32 `[batch, sequence, hidden]`. */
  readonly hidden: Value;
  /** int32 `[batch, sequence]`: see `maskCodes`. */
  readonly mask: Value;
  /** bool `[batch, sequence]`. */
  readonly masked: Value;
  /** int32 `[batch, slots]`: positions of global tokens, then of others; and bool, which of them are global. */
  readonly indices: Value;
  readonly found: Value;
}

export interface AttentionScopeOptions {
  readonly hidden: Value;
  readonly mask: Value;
  readonly heads: number;
  readonly side: number;
  readonly slots: string;
  readonly minSlots: 0 | 1;
}

export function attentionScope(
  builder: GraphBuilder,
  { hidden, mask, heads, side, slots, minSlots }: AttentionScopeOptions,
): AttentionScope {
  const [batch = 0, sequence = 0, width = 0] = hidden.shape;
  const blocks = divideDimensionUp(sequence, side);
  const masked = builder.apply(equal, [mask, scalar(builder, maskCodes.masked, "int32")]);
  const [indices, found] = builder.node(nonzero, [mask], { equals: maskCodes.global, dimension: slots, minimum: minSlots });
  if (indices === undefined || found === undefined) throw new TypeError("nonzero has two outputs");
  return {
    sizes: {
      batch,
      sequence,
      hidden: Number(width),
      heads,
      headSize: Number(width) / heads,
      side,
      blocks,
      rows: multiplyDimensions(blocks, side),
      slots,
    },
    express: expressions(builder),
    hidden,
    mask,
    masked,
    indices,
    found,
  };
}

/** `x · 1/√headSize`, as queries are. */
export function scaled({ express, sizes }: AttentionScope, x: Value): Value {
  return express.times(x, 1 / Math.sqrt(sizes.headSize));
}

/** The last axis in heads: `[…, heads, headSize]`. */
export function byHeads({ express, sizes }: AttentionScope, x: Value): Value {
  return express.reshaped(x, [...x.shape.slice(0, 2), sizes.heads, sizes.headSize]);
}

/** The rows of the global tokens, `[batch, slots, …]`. */
export function atGlobals({ express, indices }: AttentionScope, x: Value): Value {
  return express.gathered(x, indices);
}

export function isLocal({ express }: AttentionScope, codes: Value): Value {
  return express.equals(codes, maskCodes.local);
}
