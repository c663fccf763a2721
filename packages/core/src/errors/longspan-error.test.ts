import { MessageChannel } from "node:worker_threads";
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
  const arrived = new Promise<LongspanError>((resolve) => port2.once("message", (data) => resolve(LongspanError.fromJSON(data))));
  port1.postMessage(error.toJSON());
  const there = await arrived;
  port1.close();
  expect(there).toBeInstanceOf(LongspanError);
  expect(LongspanError.isInstance(there)).toBe(true);
  expect(there).toMatchObject({ code: "truncated", message: error.message, cause: { message: "read beyond the end" } });
  expect(there.toJSON()).toEqual(error.toJSON());
});

test("without a cause there is none afterwards", () => {
  const plain = new LongspanError("closed", "The checkpoint is closed.");
  expect(plain.toJSON()).toEqual({ name: "LongspanError", code: "closed", message: "The checkpoint is closed.", details: {} });
  expect(LongspanError.fromJSON(plain.toJSON()).cause).toBeUndefined();
});

test("an error of another copy is one, and anything else is none", () => {
  class Copy extends Error {}
  Object.defineProperty(Copy.prototype, Symbol.for("longspan.error"), { value: true });
  expect(LongspanError.isInstance(new Copy())).toBe(true);
  for (const other of [new Error("x"), null, undefined, "truncated", { code: "truncated" }])
    expect(LongspanError.isInstance(other)).toBe(false);
});
