import { describe, expect, test, vi } from "vitest";
import { buildGraph, type GraphTensor, operations } from "@longspan/core/graph";
import { memoryWeights } from "@longspan/core/runtime";
import { countCalls } from "../testing/counted-device.ts";
import { errorOf } from "../testing/error-of.ts";
import { smallLayer } from "../testing/small-layer.ts";
import { testDevice } from "../testing/test-device.ts";
import { webgpu } from "../webgpu-runtime.ts";

const { add, cast, embedding, nonzero } = operations;

const float = (shape: readonly number[], ...values: number[]): GraphTensor => ({
  dataType: "float32",
  shape,
  data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) => values[index % values.length] ?? 0),
});
const weights = memoryWeights({ weight: float([3, 4], 1, 2, 3), bias: float([3], 0.5) });

/** Has the device say that it has no memory left for buffers whose label matches. */
function refuseMemory(device: GPUDevice, label: RegExp): { refusing: boolean } {
  const control = { refusing: true };
  const scopes: string[] = [];
  let refused = false;
  const push = device.pushErrorScope.bind(device);
  const pop = device.popErrorScope.bind(device);
  const create = device.createBuffer.bind(device);
  device.pushErrorScope = (filter) => {
    scopes.push(filter);
    return push(filter);
  };
  device.createBuffer = (descriptor) => {
    refused ||= control.refusing && label.test(descriptor.label ?? "");
    return create(descriptor);
  };
  device.popErrorScope = async () => {
    const isMemory = scopes.pop() === "out-of-memory";
    const wasRefused = isMemory && refused;
    if (isMemory) refused = false;
    const found = await pop();
    return wasRefused ? { message: "no memory" } : found;
  };
  return control;
}

describe("out of memory", () => {
  test("for a weight: names it, and leaves nothing behind", async () => {
    const { device } = await testDevice();
    const counts = countCalls(device);
    refuseMemory(device, /weight weight/);
    const error = await errorOf(webgpu({ device }).prepare(smallLayer, weights));
    expect(error.code).toBe("out-of-memory");
    expect(error.message).toMatch(/no memory left for the weight weight \(48 bytes\).*float16/);
    expect(counts.buffersStanding).toBe(0);
    device.destroy();
  });

  test("for a run: the session goes on when there is memory again", async () => {
    const { device } = await testDevice();
    const session = await webgpu({ device }).prepare(smallLayer, weights);
    const control = refuseMemory(device, /intermediate/);
    expect((await errorOf(session.run({ x: float([2, 4], 1) }))).code).toBe("out-of-memory");
    control.refusing = false;
    const { y } = await session.run({ x: float([2, 4], 1) });
    expect(Array.from(y?.data ?? [])).toEqual([7.5, 8.5, 9.5, 7.5, 8.5, 9.5]);
    await session.dispose();
    device.destroy();
  });
});

test("a run that was refused keeps the buffers to read from until the GPU has answered", async () => {
  const { device } = await testDevice();
  const mapped: GPUBuffer[] = [];
  let open: () => void = () => undefined;
  let gate = Promise.resolve();
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const map = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = async (...words) => {
      mapped.push(buffer);
      await gate;
      await map(...words);
      return undefined;
    };
    return buffer;
  };
  const session = await webgpu({ device }).prepare(smallLayer, weights);
  const inputs = { x: float([2, 4], 1) };
  const { y } = await session.run(inputs);

  gate = new Promise((resolve) => (open = resolve));
  const pop = device.popErrorScope.bind(device);
  let [popped, told] = [0, 0];
  device.popErrorScope = async () => {
    const isMemory = popped++ === 0;
    const found = await pop();
    told++;
    return isMemory ? { message: "no memory" } : found;
  };
  const refused = errorOf(session.run(inputs));
  await expect.poll(() => [told, mapped.length]).toEqual([3, 2]);
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  const next = session.run(inputs);
  await expect.poll(() => mapped.length).toBe(3);
  expect(mapped[2]).not.toBe(mapped[1]);
  open();
  expect((await refused).code).toBe("out-of-memory");
  expect((await next).y).toEqual(y);
  await session.dispose();
  device.destroy();
});

describe("a host without memory", () => {
  test("for an output: names it, and the session goes on", async () => {
    const session = await webgpu().prepare(smallLayer, weights);
    const bytes = 123 * 3 * 4;
    vi.stubGlobal(
      "Uint8Array",
      new Proxy(Uint8Array, {
        construct(target, [length, ...others]) {
          if (length === bytes) throw new RangeError("Array buffer allocation failed");
          return Reflect.construct(target, [length, ...others]);
        },
      }),
    );
    const error = await errorOf(session.run({ x: float([123, 4], 1) })).finally(() => vi.unstubAllGlobals());
    expect(error.code).toBe("out-of-memory");
    expect(error.message).toMatch(/^The host has no memory for the output y \(1476 bytes\)/);
    expect((await session.run({ x: float([123, 4], 1) })).y?.shape).toEqual([123, 3]);
    await session.dispose();
  });
});

describe("what is given up while it is prepared", () => {
  /** Does something when the device is asked for the first kernel. */
  function atFirstKernel(device: GPUDevice, act: () => void): void {
    const create = device.createComputePipelineAsync.bind(device);
    device.createComputePipelineAsync = (descriptor) => {
      act();
      return create(descriptor);
    };
  }

  test.each(["with parameters", "without"])("aborted while kernels compile, a graph %s: nothing is left", async (which) => {
    const { device } = await testDevice();
    const counts = countCalls(device);
    const controller = new AbortController();
    atFirstKernel(device, () => controller.abort());
    const bare = buildGraph("bare", (builder) => {
      const x = builder.input("x", "float32", ["batch", 4]);
      builder.output("y", builder.apply(add, [x, x]));
    });
    const [own, given] = which === "without" ? ([bare, new Map()] as const) : ([smallLayer, weights] as const);
    expect((await errorOf(webgpu({ device }).prepare(own, given, { signal: controller.signal }))).code).toBe("aborted");
    expect(counts.buffersStanding).toBe(0);
    device.destroy();
  });

  test("its runtime disposed meanwhile: it is closed, and nothing is left", async () => {
    const { device } = await testDevice();
    const counts = countCalls(device);
    const runtime = webgpu({ device });
    const preparing = errorOf(runtime.prepare(smallLayer, weights));
    await runtime.dispose();
    expect((await preparing).code).toBe("closed");
    expect(counts.buffersStanding).toBe(0);
    device.destroy();
  });
});

describe("what cannot be prepared", () => {
  test("a weight that float16 cannot hold, named; in float32 it can", async () => {
    const large = memoryWeights({ weight: float([3, 4], 1, 70000, 3), bias: float([3], 0.5) });
    const runtime = webgpu({ precision: "float16" });
    const error = await errorOf(runtime.prepare(smallLayer, large));
    expect(error.code).toBe("value-overflow");
    expect(error.details).toMatchObject({ tensor: "weight", overflows: 4 });
    await (await runtime.prepare(smallLayer, large, { dataType: "float32" })).dispose();
  });

  test("sizes that depend on weights", async () => {
    const dependent = buildGraph("dependent", (builder) => {
      const rows = builder.apply(embedding, [builder.input("ids", "int32", ["batch", "length"]), builder.parameter("table", [9, 1])]);
      const [sum] = builder.node(operations.reduceSum, [rows], { axis: 2 });
      if (sum === undefined) throw new Error("there is a sum");
      const flat = builder.apply(operations.reshape, [sum], { shape: ["batch", "length"] });
      const whole = builder.apply(cast, [flat], { dataType: "int32" });
      const [indices] = builder.node(nonzero, [whole], { equals: 2, dimension: "slots", minimum: 1 });
      if (indices === undefined) throw new Error("there are indices");
      builder.output("indices", indices);
    });
    const error = await errorOf(webgpu().prepare(dependent, memoryWeights({ table: float([9, 1], 1, 2) })));
    expect(error.code).toBe("operation-unsupported");
    expect(error.message).toMatch(/nonzero.*depends on weights/);
  });

  test("a precision there is not", () => {
    expect(() => webgpu({ precision: JSON.parse('"int8"') })).toThrow(expect.objectContaining({ code: "argument-invalid" }));
  });
});

describe("values the host knows", () => {
  test("numbers that sizes depend on may come from floating-point inputs", async () => {
    const counted = buildGraph("counted", (builder) => {
      const x = builder.input("x", "float32", ["batch", "length"]);
      const whole = builder.apply(cast, [builder.apply(add, [x, x])], { dataType: "int32" });
      const [indices] = builder.node(nonzero, [whole], { equals: 4, dimension: "slots", minimum: 0 });
      if (indices === undefined) throw new Error("there are indices");
      builder.output("indices", indices);
      builder.output("found", builder.apply(operations.gatherRows, [x, indices]));
    });
    const session = await webgpu().prepare(counted, new Map());
    const { indices, found } = await session.run({ x: float([1, 5], 1, 2, 3, 2, 2) });
    expect(Array.from(indices?.data ?? [])).toEqual([1, 3, 4]);
    expect(Array.from(found?.data ?? [])).toEqual([2, 2, 2]);
    const none = await session.run({ x: float([2, 3], 1, 7) });
    expect(none.found).toEqual({ dataType: "float32", shape: [2, 0], data: new Float32Array(0) });
    await session.dispose();
  });

  test("outputs that are inputs stay what they were when the next run is given others", async () => {
    const passed = buildGraph("passed", (builder) => {
      const x = builder.input("x", "float32", ["length"]);
      builder.output("same", x);
      builder.output("rows", builder.apply(operations.reshape, [x], { shape: ["length", 1] }));
    });
    const session = await webgpu().prepare(passed, new Map());
    const first = await session.run({ x: float([2], 1, 2) });
    await session.run({ x: float([2], 3, 4) });
    expect([first.same?.data, first.rows?.data]).toEqual([Float32Array.of(1, 2), Float32Array.of(1, 2)]);
    await session.dispose();
  });
});
