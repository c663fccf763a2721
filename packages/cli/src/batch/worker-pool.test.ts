import { once } from "node:events";
import { expect, test } from "vitest";
import { collected } from "../../test/collected.ts";
import type { GivenText } from "../documents/read-document.ts";
import type { Job } from "../jobs/job.ts";
import type { JobOutcome } from "../jobs/text-pipeline.ts";
import { workerOutcomes } from "./worker-pool.ts";

/** A worker that answers with its input, and does what a text says. */
const script = `
let begun = "";
console.log('{"worker":"ready"}');
process.stdin.setEncoding("utf8").on("data", (text) => {
  const lines = (begun + text).split("\\n");
  begun = lines.pop();
  lines.forEach(answer);
});
function answer(line) {
  const { id, text } = JSON.parse(line);
  if (text === "die") process.kill(process.pid, "SIGKILL");
  if (text === "leave") process.exit(7);
  if (text === "chatty") process.stdout.write("A module says {\\nsomething, and begins a line: ");
  if (text === "wrong") return console.log(JSON.stringify({ id, error: { code: "inputs-invalid", message: "The text is wrong." } }));
  const answers = text === "answer" ? [{ start: 4, end: 7 }, { start: 0, end: 0 }] : undefined;
  setTimeout(() => console.log(JSON.stringify({ id, text, answers })), { slow: 50, slowest: 1000 }[text] ?? 0);
}
`;
const command = [process.execPath, "-e", script];

async function outcomesOf(
  texts: readonly string[],
  given: { count?: number; unordered?: boolean; command?: readonly string[] } = {},
): Promise<JobOutcome[]> {
  async function* jobs(): AsyncGenerator<Job> {
    for (const [index, text] of texts.entries()) yield { id: `job ${index}`, fields: { text } };
  }
  const options = { count: 2, unordered: false, command, signal: new AbortController().signal, ...given };
  return collected(workerOutcomes(jobs(), options));
}

test("every job once, in order", async () => {
  const texts = Array.from({ length: 200 }, (_, index) => (index % 17 === 0 ? "slow" : `text ${index}`));
  const outcomes = await outcomesOf(texts, { count: 3 });
  expect(outcomes.map(({ document }) => document?.text)).toEqual(texts);
  const unordered = await outcomesOf(texts, { count: 3, unordered: true });
  expect(unordered.map(({ job }) => job.id)).not.toEqual(outcomes.map(({ job }) => job.id));
  expect(new Set(unordered.map(({ job }) => job.id))).toEqual(new Set(outcomes.map(({ job }) => job.id)));
  expect(unordered.every(({ job, document }) => document?.text === job.fields.text)).toBe(true);
});

test("one that takes longer than all that may wait for it holds nothing up for good", async () => {
  const texts = Array.from({ length: 150 }, (_, index) => (index === 0 ? "slowest" : `text ${index}`));
  expect((await outcomesOf(texts, { count: 1 })).map(({ document }) => document?.text)).toEqual(texts);
});

test("answers of a document that was read here have their places, and what of it was not read", async () => {
  async function* jobs(): AsyncGenerator<Job> {
    const given: GivenText = {
      name: "a",
      text: "one two",
      place: (start) => ({ name: "a", line: start, description: `a, ${start}` }),
      warnings: ["Not all."],
    };
    yield { id: 1, fields: { text: "answer" }, given };
    yield { id: 2, fields: { text: "answer" } };
  }
  const options = { count: 1, unordered: false, command, signal: new AbortController().signal };
  const [placed, bare] = await collected(workerOutcomes(jobs(), options));
  expect(placed?.document).toEqual({
    text: "answer",
    answers: [
      { start: 4, end: 7, place: { name: "a", line: 4, description: "a, 4" } },
      { start: 0, end: 0 },
    ],
    warnings: ["Not all."],
  });
  expect(bare?.document?.answers).toEqual([
    { start: 4, end: 7 },
    { start: 0, end: 0 },
  ]);
});

test("what workers note of their model is told once; what they note at their end is theirs", async () => {
  const noting = `console.error("note  The model is odd."); process.on("exit", () => console.error("note  Of 3 texts …"));${script}`;
  const notes: string[] = [];
  async function* jobs(): AsyncGenerator<Job> {
    for (let index = 0; index < 40; index++) yield { id: index, fields: { text: "slow" } };
  }
  const options = { count: 2, unordered: false, command: [process.execPath, "-e", noting], signal: new AbortController().signal };
  await collected(workerOutcomes(jobs(), { ...options, onNote: (note) => notes.push(note) }));
  expect(notes).toEqual(["The model is odd."]);
});

test("what a user's module prints is no answer and hides none; an answer may have any character", async () => {
  const texts = ["a\u2028b\u2029c", "chatty", "d\r", "chatty", "x".repeat(200_000), "e"];
  expect((await outcomesOf(texts, { count: 1 })).map(({ document }) => document?.text)).toEqual(texts);
  const failing = [
    process.execPath,
    "-e",
    `console.log("Loaded {"); console.log(JSON.stringify({ error: { code: "not-found", message: "There is no model." } }, null, 2)); process.exitCode = 1`,
  ];
  await expect(outcomesOf(["a"], { command: failing })).rejects.toMatchObject({ code: "not-found" });
});

test("a job that workers die of has an error; its neighbours have their answers", async () => {
  const texts = Array.from({ length: 40 }, (_, index) => ({ 3: "die", 21: "leave", 30: "wrong" })[index] ?? `text ${index}`);
  for (const count of [1, 2]) {
    const outcomes = await outcomesOf(texts, { count });
    expect(outcomes.map(({ document, error }) => document?.text ?? Reflect.get(error ?? {}, "code"))).toEqual(
      texts.map((text) => ({ die: "worker-lost", leave: "worker-lost", wrong: "inputs-invalid" })[text] ?? text),
    );
    expect(outcomes[3]?.error?.message).toContain("was killed (SIGKILL)");
    expect(outcomes[21]?.error?.message).toContain("ended with code 7");
  }
});

test("workers that never answer, and those that say why", async () => {
  const dying = [process.execPath, "-e", "console.error('no memory'); process.exit(9)"];
  const lost = { code: "worker-lost", message: expect.stringContaining("no memory") };
  await expect(outcomesOf(["a"], { command: dying })).rejects.toMatchObject(lost);
  // Those that open their model, and die of whatever they are given.
  const opening = [process.execPath, "-e", `console.log('{"worker":"ready"}'); process.stdin.on("data", () => { ${dying[2]} })`];
  await expect(outcomesOf(["a"], { command: opening })).resolves.toMatchObject([{ error: lost }]);
  const many = Array.from({ length: 50 }, () => "a");
  await expect(outcomesOf(many, { command: opening })).rejects.toMatchObject(lost);
  const failing = [
    process.execPath,
    "-e",
    `console.log(JSON.stringify({ error: { code: "not-found", message: "There is no model." } }, null, 2)); process.exitCode = 1`,
  ];
  await expect(outcomesOf(["a"], { command: failing })).rejects.toMatchObject({ code: "not-found", message: "There is no model." });
  await expect(outcomesOf(["a", "b"], { command: ["/nowhere/program"] })).rejects.toMatchObject({ code: "worker-lost" });
});

test("the first worker that is ready is told of, before there is a job", async () => {
  const abort = new AbortController();
  async function* jobs(): AsyncGenerator<Job> {
    await once(abort.signal, "abort");
    yield* [];
  }
  const ready: string[] = [];
  const onReady = (): void => {
    ready.push("ready");
    abort.abort();
  };
  const running = collected(workerOutcomes(jobs(), { count: 2, unordered: true, command, signal: abort.signal, onReady }));
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  expect(ready).toEqual(["ready"]);
});

test("a signal ends it", async () => {
  const abort = new AbortController();
  const silent = [process.execPath, "-e", "process.stdin.resume()"];
  async function* jobs(): AsyncGenerator<Job> {
    yield { id: 1, fields: { text: "a" } };
    setTimeout(() => abort.abort(), 20);
  }
  const running = collected(workerOutcomes(jobs(), { count: 1, unordered: false, command: silent, signal: abort.signal }));
  await expect(running).rejects.toMatchObject({ code: "aborted" });
});
