// Batch output (`longspan ask --input … --output …`), which grows under its own name: what is killed has whole lines and at most a torn one, and --resume ends it.
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { PassThrough, Readable } from "node:stream";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { run } from "../../packages/cli/src/run.ts";
import { streamText } from "../../packages/cli/test/stream-text.ts";
import { start } from "./killed-process.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));
const jobs = 60;
const words = ["the", "cat", "sat", "on", "mat.", "a", "dog", "read", "near", "door.", 'said, "yes"', "lamp\nwas", "dark."];

/** The kinds of batch output. */
export const answerKinds = ["jsonl", "csv"] as const;

export interface AnswerReport {
  readonly counts: string;
  readonly problems: readonly string[];
}

/** A file of jobs, of which one has no answer but an error, and texts whose answers are quoted in CSV. */
async function writeJobs(path: string): Promise<void> {
  const lines = Array.from({ length: jobs }, (_, job) => {
    const text = Array.from({ length: 20 }, (__, word) => words[(word * (job + 3) + job) % words.length]).join(" ");
    return JSON.stringify({ id: `job, "${job}"`, question: "where did the cat sit?", text: job === 7 ? " " : text });
  });
  await writeFile(path, `${lines.join("\n")}\n`);
}

/** The words of the command line. */
function commandLine(input: string, output: string): readonly string[] {
  const model = join(fixtures, "huggingface/question-answering");
  return ["ask", model, "--runtime", "reference", "--input", input, "--output", output, "--batch-size", "1", "--resume"];
}

/** Runs the command line in this process. */
export async function writeAnswers(input: string, output: string): Promise<void> {
  const [out, error] = [new PassThrough().resume(), new PassThrough()];
  const code = await run(commandLine(input, output), { input: Readable.from([]), out, error }, new AbortController().signal);
  // One job has an error, so 1 is the code of a run that came to its end.
  if (code !== 1) throw new Error(`longspan ask ends with ${code}: ${streamText(error)}`);
}

/** Kills a run when its output has so many bytes. */
async function killAt(child: ReturnType<typeof start>, path: string, bytes: number): Promise<void> {
  const exit = new Promise((resolve) => {
    child.once("exit", resolve);
  });
  const size = async (): Promise<number> => (await stat(path).catch(() => ({ size: 0 }))).size;
  while (child.exitCode === null && (await size()) < bytes) await setTimeout(1);
  child.kill("SIGKILL");
  await exit;
}

/**
 * Kills a run, then the run that goes on with it, and ends it with a third, again and again: half of the kills meet a new file, half an older one.
 * What is there after a kill must be a beginning of the whole output, and the whole in the end.
 */
export async function killAnswers(kind: (typeof answerKinds)[number], scratch: string, kills: number): Promise<AnswerReport> {
  const folder = await mkdtemp(join(scratch, "answers-"));
  const input = join(folder, "jobs.jsonl");
  const output = (name: string): string => join(folder, `${name}.${kind}`);
  await writeJobs(input);
  await writeAnswers(input, output("whole"));
  const whole = await readFile(output("whole"));
  const problems: string[] = [];
  const counts = { nothing: 0, torn: 0, whole: 0, complete: 0 };
  if (whole.length < 10 * jobs) problems.push("the whole output is too small to show anything");
  for (let kill = 0; kill < kills; kill++) {
    // The second kill meets what the first left.
    const path = output(`killed-${Math.floor(kill / 2)}`);
    const most = kill % 2 === 0 ? 0.6 * whole.length : whole.length;
    await killAt(start("write-answers.ts", [input, path]), path, Math.random() * most);
    const left = await readFile(path).catch(() => new Uint8Array(0));
    if (left.length === 0) counts.nothing++;
    else if (left.length === whole.length) counts.complete++;
    else if (left.at(-1) === 10) counts.whole++;
    else counts.torn++;
    if (Buffer.compare(left, whole.subarray(0, left.length)) !== 0)
      problems.push(`after ${kill}: what is there is no beginning of the whole output: ${Buffer.from(left.slice(-200)).toString()}`);
    if (kill % 2 === 0 && kill < kills - 1) continue;
    await writeAnswers(input, path);
    const ended = await readFile(path);
    if (!ended.equals(whole))
      problems.push(`after ${kill}: the run that goes on does not come to the whole output (${ended.length} bytes of ${whole.length})`);
    await rm(path);
  }
  await rm(dirname(input), { recursive: true });
  return {
    counts: `${kills} kills: ${counts.nothing} before the first line, ${counts.whole} after a whole line, ${counts.torn} with a torn one, ${counts.complete} complete; each went on to the whole`,
    problems,
  };
}
