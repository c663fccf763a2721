import type { Target } from "../adapter/target.ts";
import type { Checkpoint, UnreadableParameter } from "../checkpoint/checkpoint.ts";
import type { LongspanError } from "../errors/longspan-error.ts";
import type { LongformerSpec } from "../longformer/spec.ts";
import type { CompiledLayout } from "../rules/compile-layout.ts";
import type { DataType } from "../tensor/data-type.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { WrongShape } from "./checked-weights.ts";

/** One tensor's way from the file to the target. */
export interface ConversionStep {
  readonly canonicalName: string;
  readonly source: string;
  readonly sourceShape: readonly number[];
  readonly sourceDataType: DataType;
  readonly target: string;
  readonly targetShape: readonly number[];
  readonly targetDataType: DataType;
  /** The target's matrix is the transpose of the source's. */
  readonly transposed: boolean;
  /** Named, shaped and cast as the target wants it; lazy. */
  readonly tensor: LazyTensor;
}

/** What a conversion will do, before anything is written. */
export interface ConversionPlan {
  readonly source: Checkpoint;
  readonly target: Target;
  readonly spec: LongformerSpec;
  readonly layout: CompiledLayout;
  readonly steps: readonly ConversionStep[];
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  /** Parameters that are there but cannot be read, with the reason; what else cannot be read is in `dropped`. */
  readonly unreadable: readonly UnreadableParameter[];
  readonly missing: readonly { readonly name: string; readonly nearest?: string | undefined }[];
  readonly unexpected: readonly { readonly name: string; readonly nearest?: string | undefined }[];
  readonly wrongShape: readonly WrongShape[];
  readonly warnings: readonly string[];
  /** Names and axes stay as they are: the source already is in the target's layout. */
  readonly alreadyConverted: boolean;
  /** config.json as the target's folder will have it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Why it cannot be carried out, if so: what `convert` throws. */
  readonly problem: LongspanError | undefined;
}
