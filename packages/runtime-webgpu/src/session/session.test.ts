import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openGpu } from "#gpu";
import { afterEach, describe, expect, test, vi } from "vitest";
import { buildGraph, type Graph, type GraphTensor, operations } from "@longspan/core/graph";
import { memoryWeights, referenceRuntime, type Runtime, type Session, type Weights } from "@longspan/core/runtime";
import { countCalls } from "../testing/counted-device.ts";
import { errorOf } from "../testing/error-of.ts";
import { testDevice } from "../testing/test-device.ts";
import { webgpu } from "../webgpu-runtime.ts";

afterEach(() => vi.restoreAllMocks());

const { activation, add, layerNormalization, reshape, transpose } = operations;

/** `layerNormalization(gelu(x) + row)`, and x under another shape, turned: `[batch, sequence, 8]` in. */
const graph: Graph = buildGraph("small", (builder) => {
  const x = builder.input("x", "float32", ["batch", "sequence", 8]);
  const row = builder.parameter("row", [8]);
  const sum = builder.apply(add, [builder.apply(activation, [x], { function: "gelu" }), row]);
  const normalized = builder.apply(layerNormalization, [sum, builder.parameter("scale", [8]), builder.parameter("shift", [8])], {
    epsilon: 1e-5,
  });
  builder.output("normalized", normalized);
  const split = builder.apply(reshape, [x], { shape: ["batch", "sequence", 2, 4] });
  builder.output("turned", builder.apply(transpose, [split], { permutation: [0, 2, 1, 3] }));
});

const vector = (...values: number[]): GraphTensor => ({ dataType: "float32", shape: [values.length], data: Float32Array.from(values) });

const weights: Weights = memoryWeights({
  row: vector(1, -2, 3, -4, 5, -6, 7, -8),
  scale: vector(1, 2, 1, 2, 1, 2, 1, 2),
  shift: vector(0, 0, 1, 1, 2, 2, 3, 3),
});

function inputOf(batch: number, sequence: number, seed = 1): { readonly x: GraphTensor } {
  const data = Float32Array.from({ length: batch * sequence * 8 }, (_, index) => Math.sin(index * seed + seed));
  return { x: { dataType: "float32", shape: [batch, sequence, 8], data } };
}

/** Bytes that are used, without what is only waiting to be collected. */
function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

async function expectTruth(actual: Readonly<Record<string, GraphTensor>>, inputs: Readonly<Record<string, GraphTensor>>): Promise<void> {
  const truth = await (await referenceRuntime().prepare(graph, weights)).run(inputs);
  for (const [name, expected] of Object.entries(truth)) {
    expect(actual[name]?.shape).toEqual(expected.shape);
    const off = Array.from(expected.data, (value, index) => Math.abs(value - Number(actual[name]?.data[index])));
    expect(Math.max(0, ...off)).toBeLessThan(1e-5);
  }
}

async function withSession(runtime: Runtime, use: (session: Session) => Promise<void>): Promise<void> {
  await using session = await runtime.prepare(graph, weights);
  await use(session);
}

describe("memory", () => {
  test("a second run of the same shape creates nothing", async () => {
    const { device } = await testDevice();
    const counts = countCalls(device);
    await withSession(webgpu({ device }), async (session) => {
      await expectTruth(await session.run(inputOf(2, 9)), inputOf(2, 9));
      const before = { ...counts };
      expect(before.pipelinesCreated).toBeGreaterThan(0);
      await expectTruth(await session.run(inputOf(2, 9, 3)), inputOf(2, 9, 3));
      expect(counts).toEqual(before);
      // Another length takes memory, but no pipeline.
      await session.run(inputOf(2, 40));
      expect(counts.pipelinesCreated).toBe(before.pipelinesCreated);
    });
    expect(counts.buffersStanding).toBe(0);
    device.destroy();
  });

  test("pipelines are there when the session is", async () => {
    const { device } = await testDevice();
    const counts = countCalls(device);
    await withSession(webgpu({ device }), async (session) => {
      const { pipelinesCreated } = counts;
      await session.run(inputOf(1, 5));
      await session.run(inputOf(3, 700));
      expect(counts.pipelinesCreated).toBe(pipelinesCreated);
    });
    device.destroy();
  });

  test("runs of a thousand changing lengths leave no more behind than the longest", async () => {
    const { device } = await testDevice();
    const counts = countCalls(device);
    await withSession(webgpu({ device }), async (session) => {
      const longest = 257;
      for (let length = 1; length <= 8; length++) await session.run(inputOf(1, longest + 1 - length));
      const { buffersStanding, bytesStanding } = counts;
      let pipelinesCreated = 0;
      let heap = 0;
      for (let round = 0; round < 1000; round++) {
        const length = 1 + ((round * 131) % longest);
        const { normalized } = await session.run(inputOf(1, length), { outputs: ["normalized"] });
        expect(normalized?.shape[1]).toBe(length);
        if (round !== 200) continue;
        heap = usedHeap();
        pipelinesCreated = counts.pipelinesCreated;
      }
      expect(counts.buffersStanding).toBeLessThanOrEqual(buffersStanding);
      expect(counts.bytesStanding).toBeLessThanOrEqual(bytesStanding);
      expect(counts.pipelinesCreated).toBe(pipelinesCreated);
      expect(usedHeap() - heap).toBeLessThan(4 * 2 ** 20);
    });
    expect(counts.buffersStanding).toBe(0);
    device.destroy();
  });

  test("outputs that are given back are written over, where the sizes are the same; nobody else sees it", () =>
    withSession(webgpu(), async (session) => {
      const first = await session.run(inputOf(1, 5));
      const inMemoryOfMore = new Float32Array((first.turned?.data.length ?? 0) + 1).subarray(1);
      const reuse = {
        normalized: first.normalized as GraphTensor,
        turned: { ...(first.turned as GraphTensor), data: inMemoryOfMore } as GraphTensor,
      };
      const second = await session.run(inputOf(1, 5, 2), { reuse });
      await expectTruth(second, inputOf(1, 5, 2));
      expect([first.normalized?.data.length, first.turned?.data.length, inMemoryOfMore.length]).toEqual([0, 40, 40]);
      await expectTruth(await session.run(inputOf(1, 6), { reuse: second }), inputOf(1, 6));
      await expectTruth(second, inputOf(1, 5, 2));
      const failing = session.run(inputOf(1, 5), { reuse: second, signal: AbortSignal.abort() });
      expect(await errorOf(failing)).toMatchObject({ code: "aborted" });
      await expectTruth(await session.run(inputOf(1, 5), { reuse: second }), inputOf(1, 5));
    }));

  test("memory that cannot be taken away, such as WebAssembly's, stays as it is", () =>
    withSession(webgpu(), async (session) => {
      const first = await session.run(inputOf(2, 1024));
      const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1 });
      const data = new Float32Array(buffer);
      expect(data.length).toBe(first.normalized?.data.length);
      data.set(first.normalized?.data ?? []);
      const reuse = { normalized: { ...(first.normalized as GraphTensor), data } as GraphTensor };
      await expectTruth(await session.run(inputOf(2, 1024, 2), { reuse }), inputOf(2, 1024, 2));
      expect(data).toEqual(first.normalized?.data);
      await expectTruth(await session.run(inputOf(1, 5)), inputOf(1, 5));
    }));

  test("a tensor beyond what the device's buffers hold is refused by name", async () => {
    const { device, facts } = await testDevice({ limits: "default" });
    const wide = buildGraph("wide", (builder) => {
      const x = builder.input("x", "float32", ["length"]);
      const y = builder.input("y", "float32", ["length", 1]);
      builder.output("all", builder.apply(add, [x, y], {}, "all pairs"));
    });
    const session = await webgpu({ device }).prepare(wide, new Map());
    const data = new Float32Array(9000);
    const inputs: Record<string, GraphTensor> = {
      x: { dataType: "float32", shape: [9000], data },
      y: { dataType: "float32", shape: [9000, 1], data },
    };
    const error = await errorOf(session.run(inputs));
    expect(error.code).toBe("device-limit");
    expect(error.message).toContain("all pairs [9000, 9000] takes 324000000 bytes");
    expect(error.details).toMatchObject({ tensor: "all pairs", limit: "maxBufferSize", allowed: facts.limits.maxBufferSize });
    await session.dispose();
    device.destroy();
  });
});

describe("a device that is lost", () => {
  test("rejects the run under way and later ones; the caller's own is not replaced", async () => {
    const { device } = await testDevice();
    const runtime = webgpu({ device });
    const session = await runtime.prepare(graph, weights);
    await session.run(inputOf(1, 4));
    const running = errorOf(session.run(inputOf(1, 300)));
    device.destroy();
    expect((await running).code).toBe("device-lost");
    const later = await errorOf(session.run(inputOf(1, 4)));
    expect(later.code).toBe("device-lost");
    expect(later.details.reason).toBe("destroyed");
    expect((await errorOf(runtime.prepare(graph, weights))).code).toBe("device-lost");
    await session.dispose();
    expect((await errorOf(session.run(inputOf(1, 4)))).code).toBe("closed");
  });

  test("is replaced when the runtime opened it", async () => {
    const devices = await devicesOpened();
    const runtime = webgpu();
    const session = await runtime.prepare(graph, weights);
    devices[0]?.destroy();
    expect((await errorOf(session.run(inputOf(1, 4)))).code).toBe("device-lost");
    const again = await runtime.prepare(graph, weights);
    await expectTruth(await again.run(inputOf(1, 4)), inputOf(1, 4));
    expect(devices.length).toBe(2);
    await session.dispose();
    await expectTruth(await again.run(inputOf(1, 4)), inputOf(1, 4));
    await again.dispose();
  });
});

describe("the runtime's device", () => {
  test("is shared by its sessions and destroyed with the last", async () => {
    const devices = await devicesOpened();
    const runtime = webgpu();
    const [one, other] = await Promise.all([runtime.prepare(graph, weights), runtime.prepare(graph, weights)]);
    expect(devices.length).toBe(1);
    await one.dispose();
    await expectTruth(await other.run(inputOf(1, 4)), inputOf(1, 4));
    await other.dispose();
    expect((await devices[0]?.lost)?.reason).toBe("destroyed");
    await runtime.prepare(graph, weights).then((session) => session.dispose());
    expect(devices.length).toBe(2);
  });

  test("goes with the runtime", async () => {
    const devices = await devicesOpened();
    const runtime = webgpu();
    const session = await runtime.prepare(graph, weights);
    await runtime.dispose();
    expect((await devices[0]?.lost)?.reason).toBe("destroyed");
    expect((await errorOf(session.run(inputOf(1, 4)))).code).toBe("closed");
    expect((await errorOf(runtime.prepare(graph, weights))).code).toBe("closed");
  });

  test("of a passed adapter, which gives no other, stays until the runtime goes", async () => {
    const devices = await devicesOpened();
    const adapter = await (await openGpu()).requestAdapter();
    const runtime = webgpu({ adapter: adapter ?? undefined });
    for (let round = 0; round < 2; round++) await (await runtime.prepare(graph, weights)).dispose();
    await runtime.dispose();
    expect((await devices[0]?.lost)?.reason).toBe("destroyed");
    expect(devices.length).toBe(1);
  });

  test("stays when it is the caller's", async () => {
    const { device } = await testDevice();
    let lost = false;
    void device.lost.then(() => (lost = true));
    const runtime = webgpu({ device });
    await (await runtime.prepare(graph, weights)).dispose();
    await runtime.dispose();
    await device.queue.onSubmittedWorkDone();
    expect(lost).toBe(false);
    device.destroy();
  });

  test("has the features that were asked for, and no others", async () => {
    const { device } = await testDevice({ features: [] });
    expect((await errorOf(webgpu({ device, features: ["shader-f16"] }).prepare(graph, weights))).code).toBe("feature-missing");
    const profiled = await errorOf(webgpu({ device }).prepare(graph, weights, { profile: true }));
    expect(profiled.message).toMatch(/has no timestamp-query. Prepare the session without `profile`/);
    device.destroy();
    const none = await errorOf(webgpu({ features: [] }).prepare(graph, weights, { profile: true }));
    expect(none.code).toBe("feature-missing");
  });
});

/** The devices that this machine's adapters give from now on. */
async function devicesOpened(): Promise<readonly GPUDevice[]> {
  const devices: GPUDevice[] = [];
  const gpu = await openGpu();
  const request = gpu.requestAdapter.bind(gpu);
  vi.spyOn(gpu, "requestAdapter").mockImplementation(async (options) => {
    const adapter = await request(options);
    if (adapter === null) return null;
    return Object.assign(Object.create(adapter) as GPUAdapter, {
      features: adapter.features,
      limits: adapter.limits,
      info: adapter.info,
      requestDevice: async (descriptor?: GPUDeviceDescriptor) => {
        const device = await adapter.requestDevice(descriptor);
        devices.push(device);
        return device;
      },
    });
  });
  return devices;
}
