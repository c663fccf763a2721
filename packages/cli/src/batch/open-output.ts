import { open, stat } from "node:fs/promises";
import { LongspanError } from "@longspan/core";
import { csvFormat, jsonlFormat, type AnswerFormat, type OutputFormat } from "../answers/answer-formats.ts";
import { fileEnd, streamEnd, type AnswerSink } from "../answers/answer-sink.ts";
import { heldAnswers, type HeldAnswers } from "../answers/held-answers.ts";
import { lockOutput, type ReleaseOutput } from "../answers/output-lock.ts";
import { noteWarnings } from "../output/notes.ts";
import type { Terminal } from "../terminal.ts";
import type { TextCommand, TextCommandOptions } from "./text-command.ts";

const standardOutput = /^(?:-|\/dev\/stdout|\/dev\/fd\/1|\/proc\/self\/fd\/1)$/;

/** Where a run's lines go. */
export interface Output {
  readonly path: string;
  readonly format: AnswerFormat;
  /** Whether lines say what was asked, for a run that goes on with them: of standard output nobody goes on. */
  readonly keepsAsked: boolean;
  /** What an earlier run wrote; undefined without --resume. */
  readonly held: HeldAnswers | undefined;
  readonly sink: AnswerSink;
}

/**
 * @param sources the files that are read
 * @throws LongspanError `argument-invalid`, `target-exists` (another run's, too), `target-is-source`; `malformed` for a file that cannot be gone on with.
 */
export async function openOutput<Options extends TextCommandOptions>(
  { output, outputFormat, resume, force }: TextCommandOptions,
  sources: readonly string[],
  { columns, cells }: TextCommand<Options>,
  terminal: Terminal,
): Promise<Output> {
  // Under its other names standard output is no file that could be there already, wherever it leads.
  const path = output === undefined || standardOutput.test(output) ? "-" : output;
  const kind = outputFormat ?? formatOf(path);
  if (path === "-") {
    const format = kind === "csv" ? csvFormat(columns, cells, false) : jsonlFormat;
    if (resume === true) throw new LongspanError("argument-invalid", "--resume goes on with a file: name it with --output.");
    return { path, format, keepsAsked: false, held: undefined, sink: streamEnd(terminal.out, format.header) };
  }
  if (resume === true && force === true)
    throw new LongspanError(
      "argument-invalid",
      "--resume goes on with what the output holds, and --force replaces it: give one of the two.",
    );
  for (const source of sources) {
    if (!(await isSameFile(source, path))) continue;
    throw new LongspanError(
      "target-is-source",
      `${path} is being read${source === path ? "" : ` (as ${source})`}. Write to another file.`,
      {
        details: { target: path, source },
      },
    );
  }
  const release = await lockOutput(path);
  try {
    const whole = kind === "csv" ? csvFormat(columns, cells, true) : jsonlFormat;
    const before = kind === "csv" ? csvFormat(columns, cells, false) : undefined;
    // A table that was begun without that column goes on without it.
    const isOlder = resume === true && before !== undefined && (await beginsWith(path, before.header));
    const format = isOlder ? before : whole;
    const held = resume === true ? await heldIn(path, kind, format.header) : undefined;
    if (held !== undefined && held.mended > 0)
      noteWarnings([`${path}: its last line was not whole (${held.mended} bytes); it is written anew.`], terminal);
    const mode = held !== undefined ? "append" : force === true ? "replace" : "new";
    const sink = await fileEnd(path, { mode, header: held?.isEmpty === false ? "" : format.header });
    return { path, format, keepsAsked: true, held, sink: releasedAtEnd(sink, release) };
  } catch (error) {
    await release?.();
    throw error;
  }
}

function releasedAtEnd(sink: AnswerSink, release: ReleaseOutput | undefined): AnswerSink {
  return {
    get isOpen() {
      return sink.isOpen;
    },
    get isLost() {
      return sink.isLost;
    },
    write: async (lines) => sink.write(lines),
    finish: async () => sink.finish(),
    async close(isDiscarded) {
      try {
        await sink.close(isDiscarded);
      } finally {
        await release?.();
      }
    },
  };
}

/** Two names of one file, links followed. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  try {
    const [first, second] = await Promise.all([stat(one, { bigint: true }), stat(other, { bigint: true })]);
    return first.isFile() && first.dev === second.dev && first.ino === second.ino;
  } catch {
    // One of them is not there, or is no path.
    return false;
  }
}

async function beginsWith(path: string, text: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Buffer.byteLength(text)), 0, undefined, 0);
    return buffer.subarray(0, bytesRead).toString("utf8") === text;
  } finally {
    await file.close();
  }
}

/** A run that is to be gone on with may not have begun. */
async function heldIn(path: string, format: OutputFormat, header: string): Promise<HeldAnswers | undefined> {
  try {
    return await heldAnswers(path, format, header);
  } catch (error) {
    if (LongspanError.isInstance(error) && error.code === "not-found") return undefined;
    throw error;
  }
}

function formatOf(path: string): OutputFormat {
  if (path === "-") return "jsonl";
  const extension = /\.([^.]+)$/.exec(path)?.[1]?.toLowerCase();
  if (extension === "jsonl" || extension === "ndjson") return "jsonl";
  if (extension === "csv") return "csv";
  throw new LongspanError(
    "argument-invalid",
    `${path}: its name does not say what is written. Call it .jsonl or .csv, or say --output-format.`,
    {
      details: { path },
    },
  );
}
