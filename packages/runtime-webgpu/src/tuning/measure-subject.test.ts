import { LongspanError } from "@longspan/core";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { liveDevice, type LiveDevice } from "../device/live-device.ts";
import { createTensorBuffers, destroyAll, type TimedDispatches, type TimedWork } from "../device/timed-dispatches.ts";
import type { Dispatch } from "../kernel/kernel.ts";
import type { AttentionShape } from "../kernels/attention/attention-plan.ts";
import { attentionLinear } from "../testing/attention-cases.ts";
import { checkDispatch } from "../plan/check-dispatch.ts";
import { countCalls } from "../testing/counted-device.ts";
import { defaultFacts } from "../testing/default-facts.ts";
import { withMatrixUnits } from "../testing/matrix-units.ts";
import { testDevice } from "../testing/test-device.ts";
import { attentionSubject } from "./attention-subject.ts";
import type { KeptTimes } from "./kept-times.ts";
import { linearSubject } from "./linear-subject.ts";
import { measureSubject } from "./measure-subject.ts";
import type { Subject } from "./subject.ts";

const { device, facts: found } = await testDevice();
afterAll(() => device.destroy());
const facts = { ...found, kind: "gpu" } as const;
const live: LiveDevice = liveDevice(device, facts, "Open another");
const counts = countCalls(device);
const never = Number.POSITIVE_INFINITY;
const unknown = { complete: false, times: [] } as const;
beforeEach(() => {
  vi.restoreAllMocks();
});

const target = { name: "target", shape: [64], storage: "float32", byteLength: 256 } as const;

/** Writes a number: as many ways of doing it as there are numbers. */
function dispatchOf(value: number): Dispatch {
  return {
    kernel: {
      name: `write-${value}`,
      access: ["write"],
      code: `@group(0) @binding(0) var<uniform> sizes: vec4<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(8) fn main(@builtin(local_invocation_index) lane: u32) { if (sizes.x > 0u) { out[lane] = ${value}.0; } }`,
    },
    uniforms: Uint32Array.of(1, 0, 0, 0).buffer,
    operands: [{ tensor: target }],
    workgroups: [1, 1, 1],
    work: { floatingPointOperations: 0, bytes: 0 },
  };
}

/** Choices are numbers; rules choose 0, which 10 comes to as well; 9 the device cannot run. */
function writing(values: readonly number[]): Subject<number> {
  return {
    purpose: "writing",
    plan: (choice = 0) => (choice === 9 ? undefined : { dispatches: [dispatchOf(choice % 10)] }),
    variations: () => values,
    async createMemory() {
      const buffers = await createTensorBuffers(live, [target]);
      return { buffers, destroy: () => destroyAll(buffers.values()) };
    },
  };
}

/** A device on which each kernel takes so many milliseconds, by a clock that stands still otherwise. */
function madeUpTimes(costs: Readonly<Record<string, number>>): {
  readonly prepare: (_: LiveDevice, work: TimedWork) => Promise<TimedDispatches>;
  readonly ran: string[];
} {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const ran: string[] = [];
  return {
    ran,
    async prepare(_, { dispatches: [dispatch] }) {
      const name = dispatch?.kernel.name ?? "";
      if (costs[name] === undefined) throw new Error("does not compile");
      return {
        async run(times) {
          if (ran.at(-1) !== name) ran.push(name);
          const took = (costs[name] ?? 0) * times;
          now += took;
          return took;
        },
        destroy: () => undefined,
      };
    },
  };
}

describe("measureSubject", () => {
  test("times what comes to something else than rules, each beside them, and names what the device does not take", async () => {
    const { prepare } = madeUpTimes({ "write-0": 1, "write-1": 2, "write-2": 0.5 });
    const result = await measureSubject(live, writing([0, 10, 1, 9, 2, 12, 3]), unknown, { deadline: never, prepare });
    expect(result).toEqual({
      complete: true,
      times: [
        { choice: 1, milliseconds: 2, byRules: 1 },
        { choice: 2, milliseconds: 0.5, byRules: 1 },
        { choice: 3, milliseconds: null, byRules: null },
      ],
    });
    expect(counts.buffersStanding).toBe(0);
  });

  test("goes on where it was left, a candidate at a time", async () => {
    const costs = { "write-0": 1, "write-1": 2, "write-2": 0.5, "write-3": 4 };
    const all = writing([1, 2, 3]);
    let known: KeptTimes<number> = unknown;
    const steps: number[] = [];
    for (let time = 0; time < 5 && !known.complete; time++) {
      const { prepare, ran } = madeUpTimes(costs);
      // A whole candidate fits into the time, and not two.
      known = await measureSubject(live, all, known, { deadline: 4, prepare });
      steps.push(known.times.length);
      if (!known.complete) expect(ran).toContain("write-0");
    }
    expect(steps).toEqual([1, 2, 3, 3]);
    expect(known.times.map(({ choice }) => choice)).toEqual([1, 2, 3]);
    expect(await measureSubject(live, all, known, { deadline: never, prepare: () => Promise.reject(new Error("measured again")) })).toBe(
      known,
    );
  });

  test("varies what was best, and no longer what was worse", async () => {
    const { prepare } = madeUpTimes({ "write-0": 1, "write-1": 2, "write-2": 0.5, "write-3": 0.25, "write-4": 1 });
    const climbing: Subject<number> = { ...writing([]), variations: (best) => (best === 2 || best === 3 ? [1, 2, 3] : [1, 2]) };
    const { times } = await measureSubject(live, climbing, unknown, { deadline: never, prepare });
    expect(times.map(({ choice }) => choice)).toEqual([1, 2, 3]);
  });

  test("begins nothing when its time is over, and leaves nothing when it ends while kernels are compiled", async () => {
    expect(await measureSubject(live, writing([1]), unknown, { deadline: performance.now() - 1 })).toEqual(unknown);
    expect(counts.buffersStanding).toBe(0);
    const compiling: (() => void)[] = [];
    const slow: LiveDevice = {
      ...live,
      pipelines: {
        get: (kernel) =>
          new Promise((resolve, reject) => {
            compiling.push(() => live.pipelines.get(kernel).then(resolve, reject));
          }),
      },
    };
    expect(await measureSubject(slow, writing([1, 2]), unknown, { deadline: performance.now() + 20 })).toEqual(unknown);
    for (const finish of compiling) finish();
    await vi.waitFor(() => expect(counts.buffersStanding).toBe(0));
    expect(compiling.length).toBe(3);
  });

  test("a driver that compiles when a kernel is first started takes one such start longer, and no more", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const submitted = vi.spyOn(device.queue, "submit").mockImplementation(() => {
      now += 1000;
    });
    const result = await measureSubject(live, writing([1, 2, 3]), unknown, { deadline: 500 });
    expect(result).toEqual(unknown);
    expect(submitted).toHaveBeenCalledTimes(1);
    expect(counts.buffersStanding).toBe(0);
  });

  test("throws what memory or the device itself lacks, and when it is aborted", async () => {
    const refuse = async (error: Error): Promise<never> => {
      throw error;
    };
    const failing = (error: Error): LiveDevice => ({ ...live, pipelines: { get: () => refuse(error) } });
    const lost = new LongspanError("device-lost", "The GPU device was lost.");
    await expect(measureSubject(failing(lost), writing([1]), unknown, { deadline: never })).rejects.toBe(lost);
    const aborted = { deadline: never, signal: AbortSignal.abort() };
    await expect(measureSubject(live, writing([1]), unknown, aborted)).rejects.toMatchObject({ code: "aborted" });
    // Whoever runs what rules choose is told that it does not compile.
    expect(await measureSubject(failing(new Error("does not compile")), writing([1]), unknown, { deadline: never })).toEqual(unknown);
    expect(counts.buffersStanding).toBe(0);
  });
});

describe("subjects, on the device", () => {
  const shape: AttentionShape = {
    batch: 1,
    sequence: 40,
    hidden: 16,
    heads: 2,
    oneSided: 8,
    slots: 2,
    queryStorage: "float32",
    joined: true,
    hiddenStorage: "float32",
    weightStorage: "float32",
    contextStorage: "float32",
  };

  test("a part of attention is its own kernels alone", () => {
    const kernels = (part: "window" | "global"): readonly string[] =>
      attentionSubject(facts, shape, part, attentionLinear)
        .plan(undefined)
        ?.dispatches.map(({ kernel }) => kernel.name) ?? [];
    expect(kernels("window").length).toBeGreaterThan(0);
    for (const name of kernels("window")) expect(name).toMatch(/^(window|combine-splits-window)/);
    expect(kernels("global").length).toBeGreaterThan(1);
    for (const name of kernels("global")) expect(name).not.toMatch(/^(window|combine-splits-window)/);
  });

  test("what the device cannot run is no plan", () => {
    const subject = attentionSubject(facts, shape, "window", attentionLinear);
    expect(subject.plan({ window: "tile-of-another-release" })).toBeUndefined();
    expect(linearSubject(facts, { rows: 64, columns: 32, inner: 32, weightStorage: "float32" }).plan({ tiling: "wide" })).toBeUndefined();
    const narrow = { ...facts, limits: { ...facts.limits, maxStorageBufferBindingSize: 1024 } };
    expect(attentionSubject(narrow, shape, "window", attentionLinear).plan(undefined)).toBeUndefined();
  });

  test("every choice that is tried is within the device's limits", () => {
    const units = withMatrixUnits(facts, { rows: 8, columns: 8, inner: 8 });
    for (const of of [{ ...defaultFacts, kind: "gpu" } as const, units, { ...units, compilesSlowly: false }]) {
      for (const storage of ["float32", "float16"] as const) {
        const storages = { queryStorage: storage, hiddenStorage: storage, weightStorage: storage, contextStorage: storage };
        const sized = { ...shape, ...storages, sequence: 700, hidden: 128, slots: 16 };
        for (const part of ["window", "global"] as const) {
          const subject = attentionSubject(of, sized, part, attentionLinear);
          const names = new Set<string>();
          for (const best of [{}, { globalForm: "direct" } as const])
            for (const choice of subject.variations(best)) {
              const dispatches = subject.plan(choice)?.dispatches ?? [];
              expect([choice, dispatches.length]).not.toEqual([choice, 0]);
              for (const dispatch of dispatches) {
                checkDispatch(part, dispatch, of);
                names.add(dispatch.kernel.name);
              }
            }
          // They are other kernels than rules choose, too.
          if (part === "global") expect(names.size).toBeGreaterThan(subject.plan(undefined)?.dispatches.length ?? 0);
        }
      }
    }
  });

  test("a form that the device cannot bind is left for the other", () => {
    const plan = (maxStorageBufferBindingSize: number, globalForm: "reassociated" | "direct"): readonly string[] => {
      const of = { ...defaultFacts, kind: "gpu", limits: { ...defaultFacts.limits, maxStorageBufferBindingSize } } as const;
      const subject = attentionSubject(of, { ...shape, sequence: 1000, slots: 64 }, "global", attentionLinear);
      return subject.plan({ globalForm })?.dispatches.map(({ kernel }) => kernel.name) ?? [];
    };
    const direct = (names: readonly string[]): boolean => names.includes("gather-global-rows");
    expect([2 ** 27, 2 ** 19].map((limit) => direct(plan(limit, "reassociated")))).toEqual([false, false]);
    // The scores of 128 rows and 16 tiles of keys are 512 KiB.
    expect(direct(plan(2 ** 18, "reassociated"))).toBe(true);
    expect(direct(plan(2 ** 27, "direct"))).toBe(true);
  });

  test("what global tokens attend to, and a layer, are timed beside rules", async () => {
    const some = <Choice>(subject: Subject<Choice>, choices: readonly Choice[]): Subject<Choice> => ({
      ...subject,
      variations: () => choices,
    });
    // Such kernels compile in a second here, others in three.
    const slow = { ...facts, compilesSlowly: true };
    const globals = some(attentionSubject(slow, shape, "global", attentionLinear), [{ globalForm: "direct" }]);
    const layer = some(linearSubject(slow, { rows: 64, columns: 32, inner: 32, weightStorage: "float32" }), [{ tiling: "tile-32x32" }]);
    for (const subject of [globals, layer] as readonly Subject<unknown>[]) {
      const { complete, times } = await measureSubject(live, subject, unknown, { deadline: never });
      expect(complete).toBe(true);
      expect(times.length).toBe(1);
      for (const { milliseconds, byRules } of times) {
        expect(milliseconds).toBeGreaterThan(0);
        expect(byRules).toBeGreaterThan(0);
      }
    }
    expect(counts.buffersStanding).toBe(0);
  });
});
