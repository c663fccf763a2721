import { expect, test } from "vitest";
import { LongspanError } from "./longspan-error.ts";

test("an error that a worker of the browser posts back as it came is the error again", async () => {
  const worker = new Worker(URL.createObjectURL(new Blob(["onmessage = ({ data }) => postMessage(data);"], { type: "text/javascript" })));
  const error = new LongspanError("not-found", "There is no a.bin.", { details: { path: "a.bin" } });
  const caused = new LongspanError("io-failed", "Cannot read.", { cause: new Error("the disk is gone"), details: { path: "a.bin" } });
  const received: unknown[] = [];
  for (const data of [error, caused, caused.toJSON()]) {
    const answer = new Promise((resolve) =>
      worker.addEventListener("message", (event: MessageEvent<unknown>) => resolve(event.data), { once: true }),
    );
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    worker.postMessage(data);
    received.push(await answer);
  }
  worker.terminate();
  expect(received.map((one) => LongspanError.from(one)?.toJSON())).toEqual([
    error.toJSON(),
    { ...caused.toJSON(), details: {} },
    caused.toJSON(),
  ]);
});
