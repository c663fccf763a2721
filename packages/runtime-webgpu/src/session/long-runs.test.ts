import { afterAll, describe, expect, test } from "vitest";
import { LongspanError, type ProgressEvent } from "@longspan/core";
import { buildGraph, type GraphTensor, operations, type Value } from "@longspan/core/graph";
import { testDevice } from "../testing/test-device.ts";
import { webgpu } from "../webgpu-runtime.ts";
import { createSpeed, splitRuns } from "./split-submits.ts";

const kernel = { name: "any", code: "", access: [] } as const;
const step = (floatingPointOperations: number, bytes = 0) => ({
  node: "n",
  dispatch: {
    kernel,
    uniforms: new ArrayBuffer(16),
    operands: [],
    workgroups: [1, 1, 1] as const,
    work: { floatingPointOperations, bytes },
  },
});

describe("splitRuns", () => {
  test("keeps short runs whole", () => {
    expect(splitRuns([], "gpu").parts(0)).toEqual([[0]]);
    expect(splitRuns([step(1e6), step(1e9), step(1e6)], "gpu").parts(0)).toEqual([[3]]);
  });

  test("gives a GPU the first steps of many before the others, in one part", () => {
    const steps = Array.from({ length: 100 }, () => step(1e6));
    expect(splitRuns(steps, "gpu").parts(0)).toEqual([[8, 24, 56, 100]]);
    expect(splitRuns(steps.slice(0, 30), "gpu").parts(0)).toEqual([[8, 30]]);
    expect(splitRuns(steps.slice(0, 10), "gpu").parts(0)).toEqual([[10]]);
    expect(splitRuns(steps, "cpu").parts(0)).toEqual([[100]]);
  });

  test("gives a fast GPU as much as it does in a tenth of a second, and a processor what it always got", () => {
    const steps = Array.from({ length: 10 }, () => step(3e10));
    expect(splitRuns(steps, "gpu").parts(0)).toEqual(Array.from({ length: 10 }, (_, at) => [at + 1]));
    const speed = createSpeed();
    speed.note(1e6, 1);
    speed.note(3e10, 0.01);
    expect(splitRuns(steps, "gpu").parts(speed.known).length).toBe(10);
    speed.note(1.5e9, 1);
    speed.note(3e10, 30);
    expect(splitRuns(steps, "gpu").parts(speed.known)).toEqual([[5], [10]]);
    expect(splitRuns(steps, "cpu").parts(speed.known).length).toBe(10);
  });

  test("cuts long ones, by what they compute and by what they move", () => {
    expect(splitRuns([step(2e10), step(2e10), step(1e6), step(5e10), step(1)], "gpu").parts(0)).toEqual([[2], [4], [5]]);
    expect(splitRuns([step(0, 1e9), step(0, 1e9)], "cpu").parts(0)).toEqual([[1], [2]]);
  });
});

describe("a run of several parts", () => {
  const steps = 12;
  /** Eight million numbers through one activation after the other: more to move than goes with one submit. */
  const graph = buildGraph("chain", (builder) => {
    let value: Value = builder.input("x", "float32", ["length"]);
    for (let index = 0; index < steps; index++) value = builder.apply(operations.activation, [value], { function: "relu" });
    const last = builder.apply(operations.slice, [value], { axis: 0, start: 0, end: 4 });
    builder.output("y", last);
  });
  const data = new Float32Array(8e6).fill(-1);
  data.set([1, -2, 3, -4]);
  const inputs: Readonly<Record<string, GraphTensor>> = { x: { dataType: "float32", shape: [8e6], data } };
  const runtime = webgpu();
  afterAll(() => runtime.dispose());

  test("tells how far it is, ends when it is aborted, and leaves the session as it was", async () => {
    const { facts, device } = await testDevice();
    device.destroy();
    expect(facts.kind).toBe("cpu");
    const session = await runtime.prepare(graph, new Map());
    const events: ProgressEvent[] = [];
    const { y } = await session.run(inputs, { onProgress: (event) => events.push(event) });
    expect(Array.from(y?.data ?? [])).toEqual([1, 0, 3, 0]);
    expect(events.length).toBeGreaterThan(1);
    expect(events.map(({ done }) => done)).toEqual(events.map(({ done }) => done).toSorted((left, right) => left - right));
    expect(events.at(-1)).toMatchObject({ stage: "run", done: steps + 1, total: steps + 1, unit: "steps" });

    const controller = new AbortController();
    const seen: number[] = [];
    const running = session.run(inputs, {
      signal: controller.signal,
      onProgress: ({ done }) => {
        seen.push(done);
        controller.abort();
      },
    });
    const error: unknown = await running.catch((thrown: unknown) => thrown);
    expect(LongspanError.isInstance(error) && error.code).toBe("aborted");
    expect(seen.length).toBe(1);
    expect(Array.from((await session.run(inputs)).y?.data ?? [])).toEqual([1, 0, 3, 0]);
    await session.dispose();
  });
});
