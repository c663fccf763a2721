import { expect, test } from "vitest";
import type { Graph } from "../graph/graph.ts";
import { buildGraph } from "../graph/graph-builder.ts";
import { scalar } from "../graph/layers.ts";
import type { GraphTensor } from "../graph/value.ts";
import { createSession } from "./create-session.ts";

const graph = buildGraph("two numbers", (builder) => {
  builder.output("one", scalar(builder, 1));
  builder.output("two", scalar(builder, 2));
});

test("a session frees once, when nothing runs any more", async () => {
  const happened: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const session = createSession({
    graph,
    fitted: graph,
    device: "none",
    execute: async () => {
      await promise;
      happened.push("ran");
      return {};
    },
    free: () => void happened.push("freed"),
  });
  const running = session.run({});
  const ends = [session.dispose(), session.dispose(), session[Symbol.asyncDispose]()];
  await expect(session.run({})).rejects.toMatchObject({ code: "closed" });
  resolve();
  await Promise.all([running, ...ends]);
  expect(happened).toEqual(["ran", "freed"]);
});

test("a session executes the same part for the same outputs", async () => {
  const parts: Graph[] = [];
  const session = createSession({ graph, fitted: graph, device: "none", execute: async (part) => (parts.push(part), {}) });
  for (const outputs of [undefined, ["two"], ["two", "one"], ["two"], ["one", "two"]]) await session.run({}, { outputs });
  expect(parts.map((part) => part.outputs.length)).toEqual([2, 1, 2, 1, 2]);
  expect(parts[0]).toBe(graph);
  expect(parts[3]).toBe(parts[1]);
  expect(parts[4]).toBe(parts[2]);
});

test("inputs of later runs lie where those of earlier ones did only if the runtime has done with them, and never those of two runs at once", async () => {
  const ids = buildGraph("ids", (builder) => builder.output("ids", builder.input("ids", "int32", ["length"])));
  const of = (...values: number[]): { ids: GraphTensor } => ({
    ids: { dataType: "int32", shape: [values.length], data: Int32Array.from(values) },
  });
  for (const leavesInputs of [false, true]) {
    const seen: GraphTensor["data"][] = [];
    let waiting = Promise.resolve();
    const session = createSession({
      graph: ids,
      fitted: ids,
      device: "none",
      leavesInputs,
      async execute(_, { tensors }) {
        const { data } = tensors.get("ids") ?? { data: new Int32Array(0) };
        seen.push(data);
        await waiting;
        return { ids: { dataType: "int32", shape: [data.length], data: Int32Array.from(data) } };
      },
    });
    const given = of(1, 2);
    expect((await session.run(given)).ids?.data).toEqual(Int32Array.of(1, 2));
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting = promise;
    const runs = [session.run(of(3, 4)), session.run(of(5, 6)), session.run(of(7, 8))];
    resolve();
    expect((await Promise.all(runs)).map((outputs) => [...(outputs.ids?.data ?? [])])).toEqual([
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    await expect(session.run({ ids: { dataType: "int32", shape: [3], data: Int32Array.of(1) } })).rejects.toMatchObject({
      code: "inputs-invalid",
    });
    expect((await session.run(of(9, 9, 9))).ids?.data).toEqual(Int32Array.of(9, 9, 9));
    const [first, second, third, fourth] = seen;
    expect(new Set([second, third, fourth]).size).toBe(3);
    expect(first === second).toBe(leavesInputs);
    expect(seen).not.toContain(given.ids.data);
    expect([...given.ids.data]).toEqual([1, 2]);
  }
});
