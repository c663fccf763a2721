import { MessageChannel, Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { LongspanError } from "./longspan-error.ts";

const error = new LongspanError("truncated", ["model.ckpt ends early.", "Copy it again."], {
  details: { file: "model.ckpt", offset: 12, size: 2n ** 60n, shape: [2, 3], nothing: undefined },
  cause: new RangeError("read beyond the end"),
});

test("JSON.stringify gives code, message and details", () => {
  expect(JSON.parse(JSON.stringify({ failed: error }))).toEqual({
    failed: {
      name: "LongspanError",
      code: "truncated",
      message: "model.ckpt ends early.\nCopy it again.",
      details: { file: "model.ckpt", offset: 12, size: String(2n ** 60n), shape: [2, 3] },
      cause: "read beyond the end",
    },
  });
});

test("an error crosses threads as data, and is an error again there", async () => {
  const { port1, port2 } = new MessageChannel();
  const arrived = new Promise((resolve) => port2.once("message", resolve));
  port1.postMessage(error.toJSON());
  const there = LongspanError.from(await arrived);
  expect.assert(there !== undefined);
  port1.close();
  expect(there).toBeInstanceOf(LongspanError);
  expect(LongspanError.isInstance(there)).toBe(true);
  expect(there).toMatchObject({ code: "truncated", message: error.message, cause: { message: "read beyond the end" } });
  expect(there.toJSON()).toEqual(error.toJSON());
});

test("without a cause there is none afterwards", () => {
  const plain = new LongspanError("closed", "The checkpoint is closed.");
  expect(plain.toJSON()).toEqual({ name: "LongspanError", code: "closed", message: "The checkpoint is closed.", details: {} });
  expect(LongspanError.from(plain.toJSON())?.toJSON()).toEqual(plain.toJSON());
});

test("an error of another copy is one, and anything else is none", () => {
  class Copy extends Error {}
  Object.defineProperty(Copy.prototype, Symbol.for("longspan.error"), { value: true });
  expect(LongspanError.isInstance(new Copy())).toBe(true);
  for (const other of [new Error("x"), null, undefined, "truncated", { code: "truncated" }])
    expect(LongspanError.isInstance(other)).toBe(false);
});

test("what arrives in a real worker and comes back from it is the error again", async () => {
  const posted = [
    error.toJSON(),
    error,
    new LongspanError("not-found", "There is no a.bin.", { details: { path: "a.bin" } }),
    new RangeError("other"),
  ];
  const worker = new Worker(
    "require('node:worker_threads').parentPort.on('message', (data) => require('node:worker_threads').parentPort.postMessage(data))",
    {
      eval: true,
    },
  );
  const received: unknown[] = [];
  for (const data of posted) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    worker.postMessage(data);
    received.push(await new Promise((resolve) => worker.once("message", resolve)));
  }
  await worker.terminate();
  const [data, clone, withoutCause, other] = received.map((one) => LongspanError.from(one));
  expect(data?.toJSON()).toEqual(error.toJSON());
  expect(clone?.toJSON()).toEqual({ ...error.toJSON(), details: {} });
  expect(withoutCause?.toJSON()).toEqual({
    name: "LongspanError",
    code: "not-found",
    message: "There is no a.bin.",
    details: { path: "a.bin" },
  });
  expect(other).toBeUndefined();
});

test("from gives what is one already as it is, and knows nothing of anything else", () => {
  expect(LongspanError.from(error)).toBe(error);
  for (const nothing of [undefined, null, "text", 3, {}, new Error("x", { cause: { code: "y" } }), { name: "LongspanError" }])
    expect(LongspanError.from(nothing)).toBeUndefined();
});

test("details that are no data, or nested without end, are left out of the data and fail nothing", () => {
  const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const odd = new LongspanError("malformed", "Odd.", { details: { deep, circle, call: () => 1, size: 3 } });
  expect(odd.toJSON().details).toEqual({ size: 3 });
  expect(LongspanError.from(structuredClone(odd))?.toJSON()).toEqual(odd.toJSON());
});

test("the stack says name and code", () => {
  expect(error.stack).toMatch(/^LongspanError \[truncated\]: model\.ckpt ends early\./);
});
