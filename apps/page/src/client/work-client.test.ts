import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ToWorker } from "../protocol/calls.ts";
import { createWorkClient } from "./work-client.ts";

vi.mock("../work/work.ts?worker&url", () => ({ default: "work.js" }));

/** A worker that answers nothing by itself, as one that computes without a pause. */
class BusyWorker {
  static readonly started: BusyWorker[] = [];
  readonly received: (ToWorker | { readonly kind: "policy" })[] = [];
  readonly #listeners: ((event: { readonly data: unknown }) => void)[] = [];
  terminated = false;

  constructor() {
    BusyWorker.started.push(this);
  }

  addEventListener(type: string, listener: (event: { readonly data: unknown }) => void): void {
    if (type === "message") this.#listeners.push(listener);
  }

  postMessage(message: ToWorker): void {
    this.received.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  say(data: unknown): void {
    for (const listener of this.#listeners) listener({ data });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  BusyWorker.started.length = 0;
  vi.stubGlobal("Worker", BusyWorker);
  vi.stubGlobal("location", { href: "http://127.0.0.1/" });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a cancelled call that does not end takes the worker with it: what it held is told as lost, and the calls behind it go to a new one", async () => {
  const onGone = vi.fn<() => void>();
  const client = createWorkClient({ onGone, connect: [], patience: 1000 });
  const controller = new AbortController();
  const cancelled = client.call("unload", null, { signal: controller.signal });
  const behind = client.call("runtimes", null);
  controller.abort();
  expect(onGone).not.toHaveBeenCalled();
  const refused = cancelled.catch((error: unknown) => error);
  vi.advanceTimersByTime(1000);
  expect(await refused).toMatchObject({ problem: { code: "aborted" } });
  expect(onGone).toHaveBeenCalledTimes(1);
  const [old, next] = BusyWorker.started;
  expect(old?.terminated).toBe(true);
  const call = next?.received.find((message) => message.kind === "call");
  expect(call).toMatchObject({ name: "runtimes" });
  next?.say({ kind: "done", id: (call as { readonly id: number }).id, result: "found" });
  expect(await behind).toBe("found");
});

test("a cancelled call that ends by itself leaves the worker and what it holds", async () => {
  const onGone = vi.fn<() => void>();
  const client = createWorkClient({ onGone, connect: [], patience: 1000 });
  const controller = new AbortController();
  const cancelled = client.call("unload", null, { signal: controller.signal });
  controller.abort();
  const refused = cancelled.catch((error: unknown) => error);
  BusyWorker.started[0]?.say({ kind: "failed", id: 1, problem: { code: "aborted", message: "Cancelled." } });
  expect(await refused).toMatchObject({ problem: { code: "aborted" } });
  vi.advanceTimersByTime(5000);
  expect(onGone).not.toHaveBeenCalled();
  expect(BusyWorker.started).toHaveLength(1);
});
