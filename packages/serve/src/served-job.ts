/** What a server can have a model do: Hugging Face's names. */
export const servedTasks = [
  "question-answering",
  "fill-mask",
  "text-classification",
  "token-classification",
  "feature-extraction",
] as const;

/** One of `servedTasks`. */
export type ServedTask = (typeof servedTasks)[number];

/** One input on its way to the model. */
export interface ServedJob {
  /** By which its outcome is told. */
  readonly id: number;
  /** `question` and `text`, and options under the names of the command line (`top-k`). */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What became of it. */
export interface ServedOutcome {
  /** Of the job. */
  readonly id: number;
  /** A result as `longspan … --json` prints one. */
  readonly document?: Readonly<Record<string, unknown>> | undefined;
  /** Why the job could not be done; then there is no `document`. */
  readonly error?: Error | undefined;
  /** Tokens that the model read; undefined where nobody counted. */
  readonly tokens?: number | undefined;
}

/** Does jobs as they come, in any order, until there are no more. It throws when the model is lost. */
export type RunServedJobs = (jobs: AsyncIterable<ServedJob>) => AsyncIterable<ServedOutcome>;

/** Opens the model, has it used, and frees it. Called again when the model is lost. */
export type WithModel = (use: (runJobs: RunServedJobs) => Promise<void>) => Promise<void>;
