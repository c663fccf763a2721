// Readers of what is asked of models in numbers: files of jobs (`--input`), and requests to `longspan serve`. They are Node's: browsers read none of them.
import { PassThrough, Readable } from "node:stream";
import { type FileSet, LongspanError } from "@longspan/core";
import { shownMessage } from "@longspan/core/adapter";
import type { Reader } from "./reader.ts";

async function bytesOf(files: FileSet, fileName: string): Promise<Uint8Array> {
  const source = await files.resolve(fileName);
  if (source === undefined) throw new LongspanError("not-found", `${fileName} is not in the case.`);
  return source.size === 0 ? new Uint8Array(0) : (await source.read(0, source.size)).slice();
}

/** In pieces, as streams come: they cut lines and characters. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  const length = Math.max(7, Math.ceil(bytes.length / 50));
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

type ReadOptions = (job: { readonly id: string | number; readonly fields: Readonly<Record<string, unknown>> }) => unknown;
let known: Promise<ReadOptions> | undefined;

/** The options that a line of `longspan ask` may have, as its own declaration says. */
function askOptions(): Promise<ReadOptions> {
  return (known ??= declaredOptions());
}

async function declaredOptions(): Promise<ReadOptions> {
  const { createProgram } = await import("../../packages/cli/src/program.ts");
  const { lineOptions } = await import("../../packages/cli/src/jobs/line-options.ts");
  const terminal = { input: Readable.from([]), out: new PassThrough(), error: new PassThrough() };
  const program = createProgram({ terminal, signal: new AbortController().signal, setExitCode: () => {} });
  const ask = program.commands.find((command) => command.name() === "ask");
  if (ask === undefined) throw new Error("there is no command ask");
  const own = lineOptions(ask, ["topK", "maxAnswerTokens", "windowTokens", "strideTokens", "withinWords", "allowNoAnswer", "minScore"]);
  return (job) => own.read(job);
}

/** What stands in a line of a run that reads it: the job's id, texts and options, or its error's code. Files that it names are not read. */
async function outcomesOf(lines: AsyncIterable<{ readonly number: number }>): Promise<unknown> {
  const { jobsOf, uniqueJobs } = await import("../../packages/cli/src/jobs/job.ts");
  const { jobTextReader, textField } = await import("../../packages/cli/src/jobs/job-text.ts");
  const readOptions = await askOptions();
  const terminal = { input: Readable.from([]), out: new PassThrough(), error: new PassThrough() };
  const readText = jobTextReader({}, { terminal, signal: new AbortController().signal });
  const outcomes: unknown[] = [];
  for await (const job of uniqueJobs(jobsOf(lines, {}), () => false)) {
    try {
      if (job.problem !== undefined) throw job.problem;
      const options = readOptions(job);
      const { text } = typeof job.fields.file === "string" ? { text: `the file ${job.fields.file}` } : await readText(job);
      outcomes.push([job.id, textField(job, "question"), text, options ?? {}]);
    } catch (error) {
      if (!LongspanError.isInstance(error)) throw error;
      outcomes.push([job.id, error.code]);
    }
  }
  return outcomes;
}

const serveTasks = "question-answering, fill-mask, text-classification, token-classification, feature-extraction".split(", ");

/** A request to a server whose model says what it was given; the file's name is the task's, or `embeddings.json`. */
async function answerTo(body: Uint8Array, task: string): Promise<unknown> {
  const { inferenceApp, inferenceEngine, servedTasks } = await import("@longspan/serve");
  const served = servedTasks.find((each) => each === task) ?? "feature-extraction";
  const documents: Readonly<Record<string, object>> = {
    "question-answering": { answers: [{ answer: "x", score: 0.5, start: 0, end: 1 }] },
    "fill-mask": { masks: [{ fillings: [{ score: 0.5, id: 1, text: "x", filled: "x" }] }] },
    "text-classification": { labels: [{ label: "x", score: 0.5 }] },
    "token-classification": { entities: [{ label: "x", score: 0.5, start: 0, end: 1, text: "x" }] },
    "feature-extraction": { embedding: [0.5] },
  };
  const readOptions = await askOptions();
  const engine = inferenceEngine({
    capacity: 8,
    timeout: 600_000,
    onLost: () => {},
    withModel: async (use) => {
      await use(async function* (jobs) {
        for await (const job of jobs) {
          try {
            if (served === "question-answering") readOptions(job);
            yield { id: job.id, document: { ...documents[served] } };
          } catch (error) {
            yield { id: job.id, error: error instanceof Error ? error : new Error(String(error)) };
          }
        }
      });
    },
  });
  const running = engine.run();
  let failure: unknown;
  const app = inferenceApp({
    engine,
    task: served,
    model: "model",
    version: "0.0.0",
    maxBody: 2 ** 20,
    maxLength: 10_000,
    onError: (error) => (failure = error),
  });
  const response = await app.request(task === "embeddings" ? "/v1/embeddings" : "/", { method: "POST", body: body.slice() });
  const answer: unknown = JSON.parse(await response.text());
  engine.drain();
  await running;
  if (failure !== undefined) throw failure;
  if (response.status === 200) return answer;
  const { error, error_type: code } = answer as { readonly error: string; readonly error_type: "inputs-invalid" };
  if (error !== shownMessage(error)) throw new Error(`an answer of ${error.length} characters, or one that a terminal obeys`);
  throw new LongspanError(code, error);
}

/** What files of jobs and requests are read with, by the readers' names. */
export const jobReaders = {
  async "jobs-jsonl"(files, fileName) {
    const { jsonLines } = await import("../../packages/cli/src/jobs/jsonl-lines.ts");
    return outcomesOf(jsonLines(inPieces(await bytesOf(files, fileName)), fileName));
  },
  async "jobs-csv"(files, fileName) {
    const { csvLines } = await import("../../packages/cli/src/jobs/csv-lines.ts");
    return outcomesOf(csvLines(inPieces(await bytesOf(files, fileName)), fileName));
  },
  async "jobs-parquet"(files, fileName) {
    const { parquetRows } = await import("../../packages/cli/src/jobs/parquet-lines.ts");
    const { buffer } = (await bytesOf(files, fileName)).slice();
    const file = { byteLength: buffer.byteLength, slice: async (start: number, end?: number) => buffer.slice(start, end) };
    return outcomesOf((await parquetRows(file, fileName)).lines);
  },
  async "serve-request"(files, fileName) {
    const task = fileName.replace(".json", "");
    if (task !== "embeddings" && !serveTasks.includes(task)) throw new Error(`no task is called ${task}`);
    return answerTo(await bytesOf(files, fileName), task);
  },
} satisfies Readonly<Record<string, Reader["read"]>>;
