import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { type Checkpoint, type Head, LongspanError, headName } from "@longspan/core";
import type { ServedOutcome, ServedTask, ServeOptions, WithModel } from "@longspan/serve";
import { readyWorkers } from "../batch/ready-workers.ts";
import type { TextCommand, TextCommandOptions } from "../batch/text-command.ts";
import { workerCommand } from "../batch/worker-command.ts";

import { jobTextReader } from "../jobs/job-text.ts";
import { lineOptions } from "../jobs/line-options.ts";
import type { JobOutcome } from "../jobs/text-pipeline.ts";
import { createCommandConverter, openModel } from "../model/open-model.ts";
import type { PipelineCommandOptions } from "../model/pipeline-options.ts";
import { runPipeline } from "../model/run-pipeline.ts";
import { jsonDocument } from "../output/json-document.ts";
import { noteWarnings } from "../output/notes.ts";
import { installCommand } from "../runtimes/install-command.ts";
import { styled, writeLine, type Terminal } from "../terminal.ts";
import { askCommand } from "./ask.ts";
import { classifyCommand } from "./classify.ts";
import { embedCommand } from "./embed.ts";
import { fillCommand } from "./fill.ts";

export interface ServeCommandOptions extends PipelineCommandOptions {
  readonly task?: ServedTask;
  readonly port?: number;
  readonly host?: string;
  readonly token?: string;
  readonly workers?: number;
  readonly batchSize?: number;
  readonly batchWait?: number;
  readonly queue?: number;
  readonly maxBody?: number;
  readonly maxLength?: number;
  readonly requestTimeout?: number;
}

export interface ServeContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly declared: Command;
  readonly version: () => string;
}

/** Options of the server, of which its workers know nothing. */
const serverOptions: readonly string[] = ["task", "port", "host", "token", "batchWait", "queue", "maxBody", "maxLength", "requestTimeout"];

const taskOfHead: Readonly<Record<Head, ServedTask | undefined>> = {
  model: "feature-extraction",
  "question-answering": "question-answering",
  "masked-lm": "fill-mask",
  "sequence-classification": "text-classification",
  "token-classification": "token-classification",
  "multiple-choice": undefined,
};

/** `longspan serve`: a model over HTTP, until the process is told to end and all that was asked is answered. */
export async function serve(model: string, options: ServeCommandOptions, context: ServeContext): Promise<void> {
  const { terminal, signal, declared, version } = context;
  const { serveInference, isBearerToken } = await loadServer();
  const task = await taskOf(model, options, context);
  const command = commandOf(task);
  const token = bearerToken(options.token, isBearerToken);
  const host = options.host ?? "127.0.0.1";
  if (options.workers !== undefined && options.batchWait !== undefined)
    throw new LongspanError("argument-invalid", "--batch-wait is for a model in this process; with --workers leave it out.", {
      details: { option: "batch-wait" },
    });
  const given: TextCommandOptions = { ...options, document: [] };
  // What is asked already is answered, whatever ends the server; a second signal ends the process.
  const running = new AbortController().signal;
  const own = lineOptions(declared.parent?.commands.find((one) => one.name() === command.name) ?? declared, command.lineOptions);

  let wasOpen = false;
  const runHere: WithModel = async (use) => {
    await runPipeline(
      model,
      options,
      {
        command: command.name,
        heads: command.heads,
        create: async (pipelineOptions, opened) => command.create(given, pipelineOptions, opened),
        run: async (pipeline) => {
          wasOpen = true;
          return use((jobs) =>
            served(
              pipeline.runJobs(jobs, {
                signal: running,
                readText: jobTextReader({}, { terminal, signal: running }),
                readOptions: (job) => own.read(job),
                unordered: true,
                batchSize: options.batchSize,
                patience: options.batchWait ?? 5,
              }),
            ),
          );
        },
      },
      // A model that is lost while the server ends is opened again: what was accepted is answered.
      { terminal, signal: wasOpen ? running : signal },
    );
  };
  const runWorkers: WithModel = async (use) => {
    const words = await workerCommand(given, declared, terminal, { command: command.name, besides: serverOptions });
    const count = options.workers ?? 1;
    const onNote = (note: string): void => noteWarnings([note], terminal);
    const opening = wasOpen ? running : signal;
    const run = await readyWorkers({ count, command: words, unordered: true, opening, onNote });
    wasOpen = true;
    await use((jobs) => served(run(jobs)));
  };
  await serveInference({
    withModel: options.workers === undefined ? runHere : runWorkers,
    task,
    model: shownModel(model),
    version: version(),
    host,
    port: options.port ?? 8080,
    token,
    capacity: options.queue ?? 256,
    timeout: (options.requestTimeout ?? 60) * 1000,
    maxBody: options.maxBody ?? 10_000_000,
    maxLength: options.maxLength ?? 1_000_000,
    signal,
    onListening(address) {
      if (token === undefined && !isLoopback(host))
        noteWarnings([`Whoever reaches this machine at ${host} may ask: set LONGSPAN_TOKEN (or --token), and requests need it.`], terminal);
      if (options.json === true)
        terminal.out.write(jsonDocument({ address, task, model: shownModel(model), openapi: `${address}/openapi.json` }));
      writeLine(terminal.error, styled("green", "listening"), `  ${address}  (${task}; ${address}/openapi.json)`);
    },
    onLost: (error) => noteWarnings([`The model was lost and is opened again: ${messageOf(error)}`], terminal),
    onError: (error) =>
      writeLine(terminal.error, styled("red", "error"), `  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  });
}

/** The token that requests need, where one is given. @throws LongspanError `argument-invalid` for one that cannot be sent. */
function bearerToken(given: string | undefined, isBearerToken: Server["isBearerToken"]): string | undefined {
  const token = given ?? process.env.LONGSPAN_TOKEN;
  if (token === undefined || isBearerToken(token)) return token;
  const name = given === undefined ? "LONGSPAN_TOKEN" : "--token";
  const words =
    token === "" ? "is empty: give one, or leave it out" : "has other characters than letters, digits and ._~+/- (and = at its end)";
  throw new LongspanError("argument-invalid", `${name} ${words}.`, { details: { option: "token" } });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d+){3}$/.test(host);
}

/** What is told to everybody: of a file or a folder its name, of an address all but its query, which may be signed. */
function shownModel(model: string): string {
  if (/^https?:\/\//i.test(model)) {
    const { protocol, host, pathname } = new URL(model);
    return `${protocol}//${host}${pathname}`;
  }
  return existsSync(model) ? basename(resolve(model)) : model;
}

function commandOf(task: ServedTask): TextCommand<TextCommandOptions> {
  const commands: Readonly<Record<ServedTask, () => TextCommand<TextCommandOptions>>> = {
    "question-answering": () => askCommand({}) as TextCommand<TextCommandOptions>,
    "fill-mask": () => fillCommand,
    "text-classification": () => ({ ...(classifyCommand({}) as TextCommand<TextCommandOptions>), heads: ["sequence-classification"] }),
    "token-classification": () => ({ ...(classifyCommand({}) as TextCommand<TextCommandOptions>), heads: ["token-classification"] }),
    "feature-extraction": () => embedCommand(),
  };
  return commands[task]();
}

/** What is asked for, or else what the model's head is for. @throws LongspanError `head-unknown` for a head that the task does not run, or that no task runs. */
async function taskOf(model: string, options: ServeCommandOptions, { terminal, signal }: ServeContext): Promise<ServedTask> {
  const { checkpoint } = await openModel(await createCommandConverter(options), model, options, options.layout, { terminal, signal });
  try {
    if (options.task !== undefined) return requireTask(options.task, checkpoint);
    if (checkpoint.problem !== undefined) throw checkpoint.problem;
    const task = typeof checkpoint.head === "string" ? taskOfHead[checkpoint.head] : undefined;
    if (task !== undefined) return task;
    throw new LongspanError(
      "head-unknown",
      `${checkpoint.name}: nothing is served with its head. Say --task feature-extraction for its vectors.`,
      {
        details: { model: checkpoint.name, head: checkpoint.head === null ? null : headName(checkpoint.head) },
      },
    );
  } finally {
    await checkpoint.close();
  }
}

function requireTask(task: ServedTask, { name, head, problem }: Checkpoint): ServedTask {
  const { heads } = commandOf(task);
  // Names that fit several heads are what the task says that they are.
  if (problem !== undefined || head === null || heads === undefined || heads.some((known) => known === head)) return task;
  const own = typeof head === "string" ? taskOfHead[head] : undefined;
  const found = head === "model" ? "no head" : `the head ${headName(head)}`;
  throw new LongspanError(
    "head-unknown",
    `${name} has ${found}, and --task ${task} needs ${heads.join(" or ")}. Give a checkpoint that was trained for it, or say --task ${own ?? "feature-extraction"}.`,
    { details: { model: name, head: headName(head), needed: heads } },
  );
}

async function* served(outcomes: AsyncIterable<JobOutcome>): AsyncGenerator<ServedOutcome, void, void> {
  for await (const { job, document, error, tokens } of outcomes) yield { id: Number(job.id), document, error, tokens };
}

/** What of the package is used here. */
interface Server {
  readonly serveInference: (options: ServeOptions) => Promise<void>;
  readonly isBearerToken: (text: string) => boolean;
}

async function loadServer(): Promise<Server> {
  try {
    return await import("@longspan/serve");
  } catch (error) {
    throw new LongspanError("module-missing", `The server is a package of its own: ${installCommand("@longspan/serve")}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
