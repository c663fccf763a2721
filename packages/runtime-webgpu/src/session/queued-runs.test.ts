import { expect, test } from "vitest";
import type { LongspanError } from "@longspan/core";
import { buildGraph, type GraphTensor, operations } from "@longspan/core/graph";
import { bufferUsage } from "../device/gpu-constants.ts";
import { countCalls } from "../testing/counted-device.ts";
import { runtimeWithFacts } from "../testing/runtime-with-facts.ts";
import { testDevice } from "../testing/test-device.ts";
import { webgpu } from "../webgpu-runtime.ts";

/** `relu(x) + x`, and `-x` beside it that hardly anybody asks for. */
const graph = buildGraph("queued", (builder) => {
  const x = builder.input("x", "float32", ["length"]);
  const minus = builder.apply(operations.constant, [], { dataType: "float32", shape: [], values: [-1] });
  builder.output("y", builder.apply(operations.add, [builder.apply(operations.activation, [x], { function: "relu" }), x]));
  builder.output("z", builder.apply(operations.multiply, [x, minus]));
});

function inputOf(length: number, seed: number): { readonly x: GraphTensor } {
  return { x: { dataType: "float32", shape: [length], data: Float32Array.from({ length }, (_, index) => ((index * seed) % 17) - 8) } };
}

const expected = ({ x }: { readonly x: GraphTensor }): number[] => Array.from(x.data, Number).map((value) => Math.max(0, value) + value);

test("runs that queue have each its own values, whatever their lengths, on two sets of buffers to read from", async () => {
  const { device } = await testDevice();
  const counts = countCalls(device);
  const readable = new Set<GPUBuffer>();
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    if ((descriptor.usage & bufferUsage.mapRead) !== 0) readable.add(buffer);
    return buffer;
  };
  const session = await webgpu({ device }).prepare(graph, new Map());
  const inputs = [4000, 10, 4000, 7000, 1, 4000, 4000, 4000].map((length, index) => inputOf(length, index + 1));
  const results = await Promise.all(inputs.map((input) => session.run(input, { outputs: ["y"] })));
  for (const [index, { y }] of results.entries()) expect(Array.from(y?.data ?? [])).toEqual(expected(inputs[index] ?? inputOf(1, 1)));
  expect([...readable].filter(({ size }) => size >= 7000 * 4).length).toBeLessThanOrEqual(2);
  await session.dispose();
  expect(counts.buffersStanding).toBe(0);
  device.destroy();
});

test("a run is submitted while the one before it is still being read", async () => {
  const { device } = await testDevice();
  const session = await webgpu({ device }).prepare(graph, new Map());
  await session.run(inputOf(100, 1));
  const events: string[] = [];
  const submit = device.queue.submit.bind(device.queue);
  device.queue.submit = (buffers) => {
    events.push("submitted");
    return submit(buffers);
  };
  const read = (name: string, run: Promise<unknown>): Promise<unknown> => run.then(() => events.push(`${name} read`));
  const run = (seed: number): Promise<unknown> => session.run(inputOf(1e6, seed), { outputs: ["y"] });
  await Promise.all([read("first", run(2)), read("second", run(3))]);
  expect(events).toEqual(["submitted", "submitted", "first read", "second read"]);
  await session.dispose();
  device.destroy();
});

test("outputs that nobody asked for are not copied", async () => {
  const { device } = await testDevice();
  const copied: number[] = [];
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder(descriptor);
    const copy = encoder.copyBufferToBuffer.bind(encoder) as (...words: readonly unknown[]) => undefined;
    encoder.copyBufferToBuffer = (...words: readonly unknown[]) => {
      copied.push(Number(words.at(-1)));
      return copy(...words);
    };
    return encoder;
  };
  const session = await webgpu({ device }).prepare(graph, new Map());
  expect(Object.keys(await session.run(inputOf(6, 1), { outputs: ["z"] }))).toEqual(["z"]);
  expect(copied).toEqual([24]);
  await session.run(inputOf(6, 1));
  expect(copied).toEqual([24, 24, 24]);
  await session.dispose();
  device.destroy();
});

test("an output that is longer than what is read at once comes in pieces, each submitted by itself behind the steps", async () => {
  const { device } = await testDevice();
  const session = await webgpu({ device }).prepare(graph, new Map());
  const input = inputOf(2.5e6, 7);
  await session.run(input);
  let submits = 0;
  const submit = device.queue.submit.bind(device.queue);
  device.queue.submit = (buffers) => {
    submits++;
    return submit(buffers);
  };
  const { y, z } = await session.run(input);
  // Ten megabytes each: in five buffers of four mebibytes, of which one holds the end of the first and the beginning of the second.
  expect(submits).toBe(5);
  expect(y?.data).toEqual(Float32Array.from(expected(input)));
  expect(z?.data).toEqual(Float32Array.from(input.x.data, (value) => -value));
  await session.dispose();
  device.destroy();
});

test("a run that is aborted between others leaves them alone", async () => {
  const { device } = await testDevice();
  const session = await webgpu({ device }).prepare(graph, new Map());
  const controller = new AbortController();
  const [first, aborted, last] = [inputOf(5000, 1), inputOf(5000, 2), inputOf(5000, 3)];
  const runs = [session.run(first), session.run(aborted, { signal: controller.signal }), session.run(last)];
  controller.abort();
  const [one, other, third] = await Promise.allSettled(runs);
  expect(one).toMatchObject({ status: "fulfilled" });
  expect((other as { readonly reason?: LongspanError }).reason?.code).toBe("aborted");
  expect(third?.status === "fulfilled" ? Array.from(third.value.y?.data ?? []) : undefined).toEqual(expected(last));
  // As many as there are sets to read from, which an aborted run gave back.
  for (let round = 0; round < 4; round++) await session.run(last);
  await session.dispose();
  device.destroy();
});

/** Thirty steps one after the other. */
const chain = buildGraph("chain", (builder) => {
  let value = builder.input("x", "float32", ["length"]);
  for (let step = 0; step < 30; step++)
    value = builder.apply(operations.activation, [value], { function: step % 2 === 0 ? "tanh" : "sigmoid" });
  builder.output("y", value);
});

test("a GPU is given the first steps by themselves, and asked for nothing but the end", async () => {
  const { device, facts } = await testDevice();
  const session = await runtimeWithFacts({ device, facts: { ...facts, kind: "gpu" } }).prepare(chain, new Map());
  const first = await session.run(inputOf(10, 1));
  const events: string[] = [];
  const submit = device.queue.submit.bind(device.queue);
  device.queue.submit = (buffers) => {
    events.push("submitted");
    return submit(buffers);
  };
  device.queue.onSubmittedWorkDone = () => Promise.reject(new Error("a buffer tells the end"));
  const pop = device.popErrorScope.bind(device);
  device.popErrorScope = () => {
    events.push("errors asked for");
    return pop();
  };
  const progress: number[] = [];
  expect(await session.run(inputOf(10, 1), { onProgress: ({ done }) => progress.push(done) })).toEqual(first);
  expect(events).toEqual(["submitted", "submitted", ...Array.from({ length: 3 }, () => "errors asked for")]);
  expect(progress).toEqual([30]);
  await session.dispose();
  device.destroy();
});

test("the end of a part is asked for when it is near, by a buffer of its own", async () => {
  const { device } = await testDevice();
  const mapped: number[] = [];
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const map = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (...words) => {
      mapped.push(buffer.size);
      return map(...words);
    };
    return buffer;
  };
  const session = await webgpu({ device }).prepare(chain, new Map());
  device.queue.onSubmittedWorkDone = () => Promise.reject(new Error("it would tell of what was submitted since"));
  // Sixteen megabytes in and out, thirty times: more than a processor gets with one submit.
  const input = inputOf(4e6, 3);
  const progress: number[] = [];
  const { y } = await session.run(input, { onProgress: ({ done }) => progress.push(done) });
  expect(progress.length).toBeGreaterThan(1);
  const [ends, outputs] = [mapped.filter((size) => size <= 256), mapped.filter((size) => size > 256)];
  expect(ends.length).toBe(progress.length - 1);
  expect(mapped).toEqual([...ends, ...outputs]);
  expect(y?.data.length).toBe(4e6);
  await session.dispose();
  device.destroy();
});
