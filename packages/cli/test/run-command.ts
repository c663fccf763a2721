import { PassThrough, Readable } from "node:stream";
import { run } from "../src/run.ts";
import { streamText } from "./stream-text.ts";

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/**
 * Runs a command line in this process, as a script would: no stream is a terminal, and nothing is piped in. Models run on the reference
 * runtime unless the words name another.
 */
export async function runCommand(...words: readonly string[]): Promise<CommandResult> {
  return runWithInput("", ...words);
}

/** The same with text piped in. */
export async function runWithInput(text: string, ...words: readonly string[]): Promise<CommandResult> {
  const [out, error] = [new PassThrough(), new PassThrough()];
  const runsModel = /^(?:ask|fill|classify|embed|run)$/.test(words[0] ?? "") || words.includes("--forward");
  const given = runsModel && !words.includes("--runtime") ? [...words, "--runtime", "reference"] : words;
  const code = await run(given, { input: Readable.from([Buffer.from(text)]), out, error }, new AbortController().signal);
  return { code, out: streamText(out), error: streamText(error) };
}

/** The one JSON document that a command printed. */
export async function runJson(...words: readonly string[]): Promise<{ readonly code: number; readonly document: Record<string, never> }> {
  const { code, out } = await runCommand(...words, "--json");
  return { code, document: JSON.parse(out) };
}

/** The same, of a type that the caller names. */
export async function runDocument(...words: readonly string[]): Promise<{ readonly code: number; readonly document: unknown }> {
  return runJson(...words);
}
