import type { Checkpoint, Head } from "@longspan/core";
import type { PipelineOptions } from "@longspan/pipelines";
import type { JobOutcome, TextPipeline } from "../jobs/text-pipeline.ts";
import type { Job } from "../jobs/job.ts";
import type { BatchOptions } from "../model/batch-options.ts";
import type { PipelineCommandOptions } from "../model/pipeline-options.ts";
import type { Terminal } from "../terminal.ts";
import type { GivenText } from "../documents/read-document.ts";

/** What every command takes that reads texts with a model. */
export interface TextCommandOptions extends PipelineCommandOptions, BatchOptions {
  readonly text?: readonly string[];
  readonly document: readonly string[];
  readonly question?: readonly string[];
  /** Of documents that are texts. */
  readonly encoding?: string;
}

/** A result, and what it is of. */
interface DescribedOutcome {
  readonly job: Job;
  readonly given: GivenText;
  readonly document: Readonly<Record<string, unknown>>;
}

/** A command that reads texts with a model: one of them, some, or a file of them. */
export interface TextCommand<Options extends TextCommandOptions> {
  readonly name: string;
  /** The heads it runs, the usual first; undefined where any Longformer will do. */
  readonly heads: readonly [Head, ...Head[]] | undefined;
  /** The options that a line may have for itself. */
  readonly lineOptions: readonly (keyof Options & string)[];
  readonly create: (options: Options, pipelineOptions: PipelineOptions, checkpoint: Checkpoint) => Promise<TextPipeline>;
  /** With `--json`, the document of all outcomes, without the facts of the run. `isSingle` where one thing was given, and no folder, no pattern and no two. */
  readonly json: (outcomes: readonly JobOutcome[], run: Pick<Checkpoint, "head"> & { readonly isSingle: boolean }) => object;
  /** For people. @param label what it is about, where there are several @param signal ends what has very much to say */
  readonly describe: (
    outcome: DescribedOutcome,
    label: string | undefined,
    terminal: Terminal,
    signal: AbortSignal,
  ) => void | Promise<void>;
  /** Columns of a table, and the cells of a result. */
  readonly columns: readonly string[];
  readonly cells: (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** Sentences about the run, when it has ended. */
  readonly notes?: () => readonly string[];
}

/** A job's result or error in a document, with its id, and its question where it has one. */
export function resultOf({ job: { id, fields }, document, error }: JobOutcome): object {
  const asked = typeof fields.question === "string" ? { question: fields.question } : {};
  if (document !== undefined) return { id, ...asked, ...document };
  return { id, ...asked, error: error === undefined ? undefined : { code: Reflect.get(error, "code") ?? "bug", message: error.message } };
}

/** What a job is called where there are several. */
export function labelOf({ id, fields }: Job): string {
  const name = typeof id === "string" ? id : `text ${id}`;
  return typeof fields.question === "string" ? `${name}  ${fields.question}` : name;
}
