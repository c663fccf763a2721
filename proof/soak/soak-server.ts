// A server under load in this process, its clients in another: what it holds when they have gone must be what it held after those of the warm-up.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { torch } from "@longspan/adapter-torch";
import { LongspanError } from "@longspan/core";
import { referenceRuntime } from "@longspan/core/runtime";
import { questionAnswering, runBatch } from "@longspan/pipelines";
import { serveInference, type ServedJob, type ServedOutcome } from "@longspan/serve";
import { grown, held, inWords, type Held } from "./held.ts";
import { losingQuestion, serverLimits } from "./server-load.ts";

const model = fileURLToPath(new URL("../../fixtures/pipelines/question-answering", import.meta.url));
const clients = fileURLToPath(new URL("clients.ts", import.meta.url));
const noBuffers = { count: 0, bytes: 0 };
/** After each, what is held is looked at. */
const parts = 5;
/** Longer than Node keeps a connection on which nothing comes. */
const idleSeconds = 8;
/** The allocator's own: what it keeps of memory that was freed. */
const residentSlack = 48;

/** @returns what is held in the end and was not after warming up, and what went wrong */
export async function soakServer(seconds: number): Promise<readonly string[]> {
  const problems: string[] = [];
  const ending = new AbortController();
  const losses: string[] = [];
  const listening = Promise.withResolvers<string>();
  const serving = serveInference({
    task: "question-answering",
    model: "question-answering",
    version: "0",
    host: "127.0.0.1",
    port: 0,
    ...serverLimits,
    signal: ending.signal,
    onListening: listening.resolve,
    onLost: (error) => losses.push(LongspanError.isInstance(error) ? error.code : String(error)),
    onError: (error) => problems.push(`an error of the server's own: ${String(error)}`),
    async withModel(use) {
      const answerer = await questionAnswering({ model, adapters: [torch()], runtime: referenceRuntime() });
      await use(async function* (jobs) {
        for await (const { item, result, error } of runBatch(answerer, items(jobs), { unordered: true, patience: 5 }))
          yield { id: item.id, document: result && { answers: result.answers }, error } satisfies ServedOutcome;
      }).finally(async () => answerer.dispose());
    },
  });
  const address = await Promise.race([listening.promise, serving.then(() => Promise.reject(new Error("it ended before it listened")))]);
  const load = async (of: number, seed: number): Promise<void> => {
    const failed = await runClients(address, of, seed);
    if (failed) problems.push("the clients found something (see above)");
    await wait(idleSeconds * 1000);
  };

  // Writing opens a handle of its own, and so does the first child. As long as a part: what a process keeps for itself grows with the first thousands of requests.
  console.log("serve:");
  await load(seconds / parts, 1);
  const before = await held(noBuffers);
  console.log(`serve: after warming up: ${inWords(before)}`);
  let now: Held = before;
  for (let part = 1; part <= parts; part++) {
    await load(seconds / parts, 1 + part);
    now = await held(noBuffers);
    console.log(`serve: ${Math.round((seconds / parts) * part)} s under load, the model lost ${losses.length} times: ${inWords(now)}`);
  }
  for (const code of losses) if (code !== "device-lost") problems.push(`the model is lost by ${code}`);
  if (losses.length === 0) problems.push("the model was never lost");
  problems.push(...grown(before, now, { residentMebibytes: residentSlack }));
  ending.abort();
  await serving;
  return problems;
}

async function* items(jobs: AsyncIterable<ServedJob>): AsyncGenerator<{ id: number; input: { question: string; context: string } }> {
  for await (const { id, fields } of jobs) {
    if (fields.question === losingQuestion) throw new LongspanError("device-lost", "The GPU device was lost, as was asked for.");
    yield { id, input: { question: String(fields.question), context: String(fields.text) } };
  }
}

/** @returns whether they got what they should not */
async function runClients(address: string, seconds: number, seed: number): Promise<boolean> {
  const child = spawn(process.execPath, [clients, address, String(seconds), String(seed)], { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  return code !== 0;
}
