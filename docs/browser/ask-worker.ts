import { LongspanError } from "@longspan/core";
import type { Answer } from "@longspan/pipelines";
import type { Question, Reply } from "./answer-worker.ts";

const worker = new Worker(new URL("./answer-worker.ts", import.meta.url), { type: "module" });

/** Asks the worker. What is thrown there is thrown here, with its code, message and details. */
export async function askWorker(question: Question): Promise<Answer> {
  const { port1, port2 } = new MessageChannel();
  const reply = await new Promise<Reply>((resolve) => {
    port1.addEventListener("message", ({ data }: MessageEvent<Reply>) => resolve(data), { once: true });
    port1.start();
    worker.postMessage(question, [port2]);
  });
  port1.close();
  if ("error" in reply) throw LongspanError.from(reply.error) ?? reply.error;
  return reply.answer;
}
