import { expect, test } from "vitest";
import type { Graph } from "../graph/graph.ts";
import { buildGraph } from "../graph/graph-builder.ts";
import { scalar } from "../graph/layers.ts";
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
