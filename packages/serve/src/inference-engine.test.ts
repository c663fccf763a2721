import { LongspanError } from "@longspan/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { inferenceEngine, type InferenceEngine } from "./inference-engine.ts";
import type { ServedJob, ServedOutcome, WithModel } from "./served-job.ts";

const never = new AbortController().signal;

/** An engine on a model whose answers the test gives. */
function engineOn(
  withModel: WithModel,
  given: Partial<Parameters<typeof inferenceEngine>[0]> = {},
): { engine: InferenceEngine; lost: unknown[] } {
  const lost: unknown[] = [];
  return { engine: inferenceEngine({ withModel, capacity: 4, timeout: 90_000, onLost: (error) => lost.push(error), ...given }), lost };
}

/** Answers each job with its text in capitals; `fail` is an error of its own. */
async function* capitals(jobs: AsyncIterable<ServedJob>): AsyncGenerator<ServedOutcome> {
  for await (const { id, fields } of jobs) {
    const text = String(fields.text);
    if (text === "fail") yield { id, error: new LongspanError("inputs-invalid", "The text is wrong.") };
    else yield { id, document: { text: text.toUpperCase() }, tokens: text.length };
  }
}

const texts = (...all: readonly string[]): readonly { text: string }[] => all.map((text) => ({ text }));

describe("inputs", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("results in their order; an error of one is the request's", async () => {
    const { engine } = engineOn(async (use) => use(capitals));
    const running = engine.run();
    expect(await engine.submit(texts("a", "bc"), never)).toEqual([
      { document: { text: "A" }, tokens: 1 },
      { document: { text: "BC" }, tokens: 2 },
    ]);
    await expect(engine.submit(texts("a", "fail"), never)).rejects.toMatchObject({ code: "inputs-invalid" });
    engine.drain();
    await running;
    await expect(engine.submit(texts("a"), never)).rejects.toMatchObject({ status: 503 });
  });

  test("no more than there is room for: 429, and when to try again; all that was taken is answered", async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { engine } = engineOn(async (use) => {
      await use(async function* (jobs) {
        await gate;
        yield* capitals(jobs);
      });
    });
    const running = engine.run();
    const first = engine.submit(texts("a", "b", "c"), never);
    await expect(engine.submit(texts("d", "e"), never)).rejects.toMatchObject({
      status: 429,
      headers: { "Retry-After": expect.stringMatching(/^\d+$/) },
    });
    await expect(engine.submit(texts("1", "2", "3", "4", "5"), never)).rejects.toMatchObject({ status: 400 });
    const last = engine.submit(texts("d"), never);
    expect(engine.waiting).toBe(4);
    engine.drain();
    open();
    expect((await first).length + (await last).length).toBe(4);
    await running;
  });

  test("one that takes too long, and one whose client has gone, leave their places", async () => {
    const seen: string[] = [];
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    vi.useFakeTimers();
    const { engine } = engineOn(
      async (use) =>
        use(async function* (jobs) {
          await gate;
          for await (const job of jobs) {
            seen.push(String(job.fields.text));
            yield* capitals(
              (async function* () {
                yield job;
              })(),
            );
          }
        }),
      { timeout: 20 },
    );
    const running = engine.run();
    const gone = new AbortController();
    const left = engine.submit(texts("gone"), gone.signal);
    const late = engine.submit(texts("late"), never);
    gone.abort();
    const both = Promise.allSettled([left, late]);
    vi.advanceTimersByTime(20);
    expect(await both).toMatchObject([{ reason: { code: "aborted" } }, { reason: { status: 504 } }]);
    expect(engine.waiting).toBe(0);
    open();
    await engine.submit(texts("after"), never);
    engine.drain();
    await running;
    expect(seen).toEqual(["after"]);
  });
});

describe("a model that is lost", () => {
  test("is opened again, and what it had is done again; nothing is lost and nothing answered twice", async () => {
    let opened = 0;
    const { engine, lost } = engineOn(async (use) => {
      const own = ++opened;
      await use(async function* (jobs) {
        let count = 0;
        for await (const { id, fields } of jobs) {
          // The first two lose the device over their third input.
          if (own < 3 && ++count === 3) throw new LongspanError("device-lost", "The device is gone.");
          if (count !== 2) yield { id, document: { text: fields.text, own } };
        }
      });
    });
    const running = engine.run();
    const results = await engine.submit(texts("a", "b", "c", "d"), never);
    expect(results.map(({ document }) => document.text)).toEqual(["a", "b", "c", "d"]);
    expect([opened, lost.length, engine.reopened]).toEqual([3, 2, 2]);
    engine.drain();
    await running;
  });

  test("over one input again and again: that input has the error, and the others are answered", async () => {
    const { engine } = engineOn(async (use) => {
      await use(async function* (jobs) {
        for await (const job of jobs) {
          if (job.fields.text === "bad") throw new LongspanError("device-lost", "The device is gone.");
          yield { id: job.id, document: { text: job.fields.text } };
        }
      });
    });
    const running = engine.run();
    const bad = engine.submit(texts("bad"), never);
    await expect(bad).rejects.toMatchObject({ status: 503, code: "device-lost" });
    expect(await engine.submit(texts("good"), never)).toHaveLength(1);
    engine.drain();
    await running;
  });

  test("one that cannot be opened ends it; who asks by then is told that it starts", async () => {
    const { engine } = engineOn(async () => {
      throw new LongspanError("not-found", "There is no model.");
    });
    expect(engine.state).toBe("starting");
    await expect(engine.submit(texts("a"), never)).rejects.toMatchObject({ status: 503, code: "starting" });
    await expect(engine.run()).rejects.toMatchObject({ code: "not-found" });
    expect(engine.state).toBe("ending");
  });

  test("one that cannot be opened again ends it, and who waits is told", async () => {
    vi.useFakeTimers();
    try {
      let opened = 0;
      const { engine } = engineOn(
        async (use) => {
          if (++opened > 1) throw new LongspanError("not-found", "There is no model.");
          await use(async function* (jobs) {
            for await (const { id } of jobs) {
              if (id > 0) throw new LongspanError("device-lost", "The device is gone.");
              yield { id };
            }
          });
        },
        { timeout: 100_000 },
      );
      const running = engine.run();
      expect(engine.state).toBe("ok");
      const waiting = engine.submit(texts("a"), never);
      const both = Promise.allSettled([running, waiting]);
      await vi.advanceTimersByTimeAsync(1);
      expect(engine.state).toBe("reopening");
      await vi.advanceTimersByTimeAsync(10_000);
      const refused = { status: "rejected", reason: expect.objectContaining({ code: "not-found" }) };
      expect(await both).toEqual([refused, refused]);
      expect(engine.state).toBe("ending");
    } finally {
      vi.useRealTimers();
    }
  });
});
