import type { OptionNames } from "@longspan/core/adapter";
import type { OpenedModel } from "../model/open-model.ts";
import type { RunOptions } from "../model/pipeline-options.ts";
import type { RowOutputs } from "./run-rows.ts";
import type { TokenRow } from "./token-row.ts";

/** One input of a pipeline on its way to a result. */
export interface Job<Result> {
  /** What the model runs for it, at least one row. */
  readonly rows: readonly TokenRow[];
  /** Takes the outputs of the next row: they come in the order of the rows. */
  add(outputs: RowOutputs): void;
  /** What all rows together gave. */
  result(): Result;
}

/** Makes a job of an input. `index` is the input's number in the call, for what is told of it. */
export type Prepare<Input, Result> = (input: Input, index: number) => Job<Result>;

/** What a pipeline is made of: a model, and how inputs become jobs. */
export interface JobSource<Input, Options, Result> {
  /** What the pipeline is called, and all that its calls may be told. */
  readonly call: { readonly name: string; readonly options: OptionNames<Options & object> };
  /** What the jobs run on. */
  readonly model: OpenedModel;
  /**
   * Makes jobs of inputs, all with these options.
   * @throws LongspanError `argument-invalid` for options out of range; what it gives throws for an input.
   */
  prepare(options: Omit<Options, keyof RunOptions> | undefined): Prepare<Input, Result>;
}

/** Under this a pipeline carries what it is made of, for `runBatch`. */
export const jobSource: unique symbol = Symbol("longspan.jobSource");

/** A pipeline of which `runBatch` can run many inputs. */
export interface Batchable<Input, Options, Result> {
  /** For `runBatch`: how inputs become windows, and windows results. */
  readonly [jobSource]: JobSource<Input, Options, Result>;
}
