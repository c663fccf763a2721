import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { longformerAttentionKernels, type LongformerAttentionOptions } from "./longformer-attention.ts";

export type { LongformerAttentionOptions };

/** Window and global attention. */
export function attentionKernels(options: LongformerAttentionOptions): readonly OperationKernels[] {
  return [longformerAttentionKernels(options)];
}
