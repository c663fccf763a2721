import { checkOptions } from "@longspan/core/adapter";
import type { PipelineHandle, RunOptions } from "../model/pipeline-options.ts";
import { jobSource, type Batchable, type JobSource } from "./job.ts";
import { oneOrMany, type OneOrMany } from "./one-or-many.ts";
import { runRows } from "./run-rows.ts";

export type { Batchable } from "./job.ts";

/** A pipeline as callers have it: a function of one input or of a list, with its handle. */
export type JobPipeline<Input, Options, Result> = PipelineHandle & OneOrMany<Input, Options, Result> & Batchable<Input, Options, Result>;

/**
 * Makes a pipeline that runs the rows of a call's inputs one after another, in batches of the option `batchSize`. Options that there are not are refused:
 * `argument-invalid`.
 */
export function jobPipeline<Input extends string | object, Options extends RunOptions, Result>(
  given: JobSource<Input, Options, Result>,
): JobPipeline<Input, Options, Result> {
  const source: JobSource<Input, Options, Result> = {
    ...given,
    prepare(options) {
      checkOptions(options, given.call.options, `a call of ${given.call.name}`);
      return given.prepare(options);
    },
  };
  return Object.assign(
    oneOrMany<Input, Options, Result>(async (inputs, options) => {
      const prepare = source.prepare(options);
      const jobs = inputs.map((input, index) => prepare(input, index));
      const rows = jobs.flatMap((job) => job.rows.map((row) => ({ job, row })));
      let next = 0;
      for await (const outputs of runRows(
        source.model,
        rows.map(({ row }) => row),
        options,
      )) {
        rows[next++]?.job.add(outputs);
      }
      return jobs.map((job) => job.result());
    }),
    source.model.handle,
    { [jobSource]: source },
  );
}
