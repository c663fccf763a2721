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
  /** The parameter. */
  readonly canonicalName: string;
  /** Its name in the source's file. */
  readonly source: string;
  /** In elements, as it is stored. */
  readonly sourceShape: readonly number[];
  /** As it is stored. */
  readonly sourceDataType: DataType;
  /** Its name in the file that is written. */
  readonly target: string;
  /** In elements, as it is written. */
  readonly targetShape: readonly number[];
  /** As it is written: rounded to nearest where it is narrower. */
  readonly targetDataType: DataType;
  /** The target's matrix is the transpose of the source's. */
  readonly transposed: boolean;
  /** Named, shaped and cast as the target wants it; lazy. */
  readonly tensor: LazyTensor;
}

/** What a conversion will do, before anything is written. */
export interface ConversionPlan {
  /** The checkpoint it is for: open until the conversion has ended. */
  readonly source: Checkpoint;
  /** What is written. */
  readonly target: Target;
  /** The model's: what the plan was proved for. */
  readonly spec: LongformerSpec;
  /** Names and orientation of what is written, proved for this spec. */
  readonly layout: CompiledLayout;
  /** One for each parameter that is written, in the spec's order. */
  readonly steps: readonly ConversionStep[];
  /** Tensors that are not written, each with its reason. */
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  /** Parameters that are there but cannot be read, with the reason; what else cannot be read is in `dropped`. */
  readonly unreadable: readonly UnreadableParameter[];
  /** Required parameters that the source lacks, by canonical name; `nearest`: a name in the source that comes close. */
  readonly missing: readonly { readonly name: string; readonly nearest?: string | undefined }[];
  /** Tensors that are no parameters of this model, by their names in the file; `nearest`: a parameter's name that comes close. */
  readonly unexpected: readonly { readonly name: string; readonly nearest?: string | undefined }[];
  /** Parameters in another shape than the configuration asks for. */
  readonly wrongShape: readonly WrongShape[];
  /** Sentences for the user: whatever is odd and stands in nobody's way. */
  readonly warnings: readonly string[];
  /** Names and axes stay as they are: the source already is in the target's layout. */
  readonly alreadyConverted: boolean;
  /** config.json as the target's folder will have it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Why it cannot be carried out, if so: what `convert` throws. */
  readonly problem: LongspanError | undefined;
}
