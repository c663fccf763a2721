import { torch } from "@longspan/adapter-torch";
import { LongspanError } from "@longspan/core";
import { type Answer, type QuestionAnswerer, questionAnswering } from "@longspan/pipelines";
import { webgpu } from "@longspan/runtime-webgpu";

/** What the page sends, with a port for the reply. */
export interface Question {
  readonly files: readonly File[];
  readonly question: string;
  readonly context: string;
}

/** What comes back: an answer, or an error as data. */
export type Reply = { readonly answer: Answer } | { readonly error: unknown };

let answerer: QuestionAnswerer | undefined;

self.addEventListener("message", async ({ data: { files, question, context }, ports: [port] }: MessageEvent<Question>) => {
  const send = (reply: Reply): void => port?.postMessage(reply);
  try {
    answerer ??= await questionAnswering({ model: files, adapters: [torch()], runtime: webgpu() }); // opened once
    const { answer, start, end, score, transformersScore } = await answerer({ question, context });
    send({ answer: { answer, start, end, score, transformersScore } });
  } catch (error) {
    send({ error: LongspanError.isInstance(error) ? error.toJSON() : error });
  }
});
