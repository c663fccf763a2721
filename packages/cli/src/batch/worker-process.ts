import { spawn } from "node:child_process";
import type { Command } from "commander";
import type { RanTokens } from "../answers/batch-counts.ts";

/** What a worker says of a job, by the number it was sent with. */
export interface WorkerLine {
  readonly id: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Why a process ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The error that it ended with by itself, if it said one. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** The end of what it wrote to standard error. */
  readonly said: string;
}

/** A process of this program that takes jobs on standard input and answers on standard output. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  send(line: object): void;
  /** No more jobs: it ends when all are answered. */
  finish(): void;
  kill(): void;
}

export interface WorkerListener {
  /** Told when it has opened its model: from then on it does jobs. */
  readonly onReady: () => void;
  readonly onLine: (line: WorkerLine) => void;
  /** Told what its model has run by now. */
  readonly onRan?: ((ran: RanTokens) => void) | undefined;
  /** Told what it notes on standard error before it is told that there are no more jobs: what it says of its model. */
  readonly onNote?: ((note: string) => void) | undefined;
  readonly onEnd: (end: WorkerEnd) => void;
}

/** So much of what a worker says is kept, for the message of its end. */
const keptCharacters = 2000;

/** What `noteWarnings` begins a line with. */
const noteMark = "note  ";

/** By this variable of its environment a process knows that it is a worker, and says when it is ready. */
const workerVariable = "LONGSPAN_WORKER";

/** What it says then, on a line of its own. */
const readyLine = '{"worker":"ready"}';

/** Says to who started this process as a worker that its model is open. */
export function announceReady(output: { write(text: string): unknown }): void {
  if (process.env[workerVariable] === "1") output.write(`${readyLine}\n`);
}

/** What a worker says of what its model has run begins so. */
const ranMark = '{"worker":"ran",';

/** Says to who started this process as a worker what its model has run by now. */
export function announceRan(output: { write(text: string): unknown }, { tokens, paddingTokens }: RanTokens): void {
  if (process.env[workerVariable] === "1") output.write(`${JSON.stringify({ worker: "ran", tokens, paddingTokens })}\n`);
}

/** No document of an error has more. */
const maxErrorCharacters = 1_000_000;

/** What starts this program. */
export function ownProgram(): readonly string[] {
  const [, script = ""] = process.argv;
  return [process.execPath, ...process.execArgv, script];
}

/** Starts a worker, to which Ctrl-C means nothing by itself. It ends when this process does. @param command the program and its words */
export function startWorker(
  [program = "", ...words]: readonly string[],
  { onLine, onReady, onRan, onNote, onEnd }: WorkerListener,
): WorkerProcess {
  const child = spawn(program, words, {
    stdio: ["pipe", "pipe", "pipe"],
    // What it says is read here, and has no colours.
    env: { ...process.env, FORCE_COLOR: undefined, [workerVariable]: "1" },
    detached: true,
    windowsHide: true,
  });
  let begun = "";
  // Of lines that are no answers, the document of the error with which it ends.
  let rest = "";
  let [said, saidLine] = ["", ""];
  let isFinished = false;
  let isEnded = false;
  const take = (line: string): void => {
    if (line.endsWith(readyLine)) return onReady();
    const ran = ranOf(line);
    if (ran !== undefined) return onRan?.(ran);
    const found = answerOf(line);
    if (found !== undefined) onLine(found);
    else rest = (line.trimEnd() === "{" ? line : rest + line).slice(0, maxErrorCharacters);
  };
  // By hand: for node:readline, U+2028 ends a line too, and answers have it as it is.
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = text.split("\n");
    for (const line of lines.slice(0, -1)) {
      take(begun + line);
      begun = "";
    }
    begun += lines.at(-1) ?? "";
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-keptCharacters);
    const lines = (saidLine + text).split("\n");
    saidLine = (lines.pop() ?? "").slice(-keptCharacters);
    for (const line of lines) if (!isFinished && line.startsWith(noteMark)) onNote?.(line.slice(noteMark.length));
  });
  // Who has ended does not take what is sent: its end says so.
  child.stdin.on("error", () => {});
  const end = (code: number | null, signal: NodeJS.Signals | null): void => {
    if (isEnded) return;
    isEnded = true;
    take(begun);
    onEnd({ code, signal, error: errorOf(rest), said });
  };
  child.on("error", (error) => {
    said += error.message;
    end(null, null);
  });
  child.on("close", end);
  return {
    pid: child.pid,
    send: (line) => void child.stdin.write(`${JSON.stringify(line)}\n`),
    finish() {
      isFinished = true;
      child.stdin.end();
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** The answer that a line is, or that it ends with: a module of the user's may have written words without a line end before it. */
function answerOf(line: string): WorkerLine | undefined {
  const start = line.indexOf('{"id":');
  const value = start === -1 ? undefined : parsed(line.slice(start));
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "number" ? (value as WorkerLine) : undefined;
}

function ranOf(line: string): RanTokens | undefined {
  const start = line.indexOf(ranMark);
  const value = start === -1 ? undefined : parsed(line.slice(start));
  if (typeof value !== "object" || value === null || !("tokens" in value) || !("paddingTokens" in value)) return undefined;
  return { tokens: Number(value.tokens), paddingTokens: Number(value.paddingTokens) };
}

function errorOf(text: string): WorkerEnd["error"] {
  const value = parsed(text);
  const error: unknown = typeof value === "object" && value !== null && "error" in value ? value.error : undefined;
  if (typeof error !== "object" || error === null || !("code" in error) || !("message" in error)) return undefined;
  return { code: String(error.code), message: String(error.message) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A command line without some of its options and their values. */
export function withoutOptions(words: readonly string[], command: Command, names: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") return [...kept, ...words.slice(index)];
    const isLong = word.startsWith("--");
    const flag = isLong ? word.replace(/=.*$/s, "") : word.slice(0, 2);
    const holdsValue = isLong ? word.includes("=") : word.length > 2;
    const option = command.options.find((one) => one.long === flag || one.short === flag);
    const takesNext = option?.required === true && !holdsValue;
    if (option === undefined || !names.includes(option.attributeName()))
      kept.push(word, ...(takesNext ? words.slice(index + 1, index + 2) : []));
    if (takesNext) index++;
  }
  return kept;
}
