import { expect, test } from "vitest";
import { buildGraph, type GraphTensor, operations, type Value } from "@longspan/core/graph";
import type { Session } from "@longspan/core/runtime";
import { errorOf } from "../testing/error-of.ts";
import { runtimeWithFacts } from "../testing/runtime-with-facts.ts";
import { testDevice } from "../testing/test-device.ts";

const steps = 40;
/** `2^40 · x`: as many steps as a GPU is given in three lots, of which the first two may be recorded before there is a run. */
const graph = buildGraph("doubled", (builder) => {
  let value: Value = builder.input("x", "float32", ["length"]);
  for (let step = 0; step < steps; step++) value = builder.apply(operations.add, [value, value]);
  builder.output("y", value);
});

async function expectDoubled(session: Session, length: number, seed: number): Promise<void> {
  const data = Float32Array.from({ length }, (_, index) => ((index * seed) % 17) - 8);
  const x: GraphTensor = { dataType: "float32", shape: [length], data };
  const { y } = await session.run({ x });
  expect(y?.data).toEqual(data.map((value) => value * 2 ** steps));
}

test("the next run of a size begins with what was recorded during the last, unless the buffers are others by then", async () => {
  const { device, facts } = await testDevice();
  const calls: string[] = [];
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (...words) => {
    calls.push("record");
    return createCommandEncoder(...words);
  };
  const submit = device.queue.submit.bind(device.queue);
  device.queue.submit = (commands) => {
    calls.push("submit");
    return submit(commands);
  };
  const session = await runtimeWithFacts({ device, facts: { ...facts, kind: "gpu" } }).prepare(graph, new Map());
  const callsOf = async (length: number, seed: number): Promise<readonly string[]> => {
    calls.length = 0;
    await expectDoubled(session, length, seed);
    return [...calls];
  };
  const cold = ["record", "submit", "record", "submit", "record", "submit", "record", "record"];
  const warm = ["submit", "submit", "record", "submit", "record", "record"];
  expect(await callsOf(100, 1)).toEqual(cold);
  expect(await callsOf(100, 2)).toEqual(warm);
  expect(await callsOf(100, 3)).toEqual(warm);
  // A longer run replaces the buffers that the commands were recorded for.
  expect(await callsOf(5000, 4)).toEqual(cold);
  expect(await callsOf(100, 5)).toEqual(cold);
  expect(await callsOf(100, 6)).toEqual(warm);
  expect(await callsOf(5000, 7)).toEqual(warm);
  await session.dispose();
  device.destroy();
});

test("runs that queue, and one that the GPU has no memory for, each have their own commands", async () => {
  const { device, facts } = await testDevice();
  const session = await runtimeWithFacts({ device, facts: { ...facts, kind: "gpu" } }).prepare(graph, new Map());
  await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => expectDoubled(session, seed % 2 === 0 ? 64 : 600, seed)));
  const pop = device.popErrorScope.bind(device);
  let refusals = 1;
  device.popErrorScope = async () => {
    const found = await pop();
    return refusals-- > 0 ? { message: "no memory" } : found;
  };
  expect((await errorOf(expectDoubled(session, 64, 7))).code).toBe("out-of-memory");
  await expectDoubled(session, 64, 8);
  await expectDoubled(session, 600, 9);
  await session.dispose();
  device.destroy();
});

test("a session that takes the time of its runs records nothing ahead", async () => {
  const { device, facts } = await testDevice();
  const session = await runtimeWithFacts({ device, facts: { ...facts, kind: "gpu" } }).prepare(graph, new Map(), { profile: true });
  for (const seed of [1, 2, 3]) {
    await expectDoubled(session, 100, seed);
    expect(session.profile?.()?.steps?.length).toBe(steps);
  }
  await session.dispose();
  device.destroy();
});
