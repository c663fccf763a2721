import { LongspanError } from "@longspan/core";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { liveDevice, type LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { AttentionShape } from "../kernels/attention/attention-plan.ts";
import { chooseAttention, type AttentionChoice } from "../kernels/attention/attention-tuning.ts";
import type { LinearShape } from "../kernels/linear/index.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { heuristicTiling } from "../kernels/linear/heuristic-tiling.ts";
import { testDevice } from "../testing/test-device.ts";
import type { KeptTimes } from "./kept-times.ts";
import type { LinearChoice, Measured } from "./kept-tuning.ts";
import { openTuning, type MeasuredTuning, type NeededShapes, type TuningOptions } from "./measured-tuning.ts";

const { device, facts: found } = await testDevice();
afterAll(() => device.destroy());
const facts = { ...found, kind: "gpu", name: "a GPU / of some driver" } as const;
const live: LiveDevice = liveDevice(device, facts, "Open another");

function memoryStore(): TuningStore & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    read: async (name) => texts.get(name),
    write: async (name, text) => void texts.set(name, text),
  };
}

/** As a session that is prepared has it. */
async function measuredTuning(...request: Parameters<typeof openTuning>): Promise<MeasuredTuning> {
  const { tuning, unmeasured } = await openTuning(...request);
  return unmeasured === undefined ? tuning : unmeasured.measure();
}

const layer = (rows: number): LinearShape => ({ rows, columns: 768, inner: 768, weightStorage: "float32" });
const attention: AttentionShape = {
  batch: 1,
  sequence: 4096,
  hidden: 768,
  heads: 12,
  oneSided: 256,
  slots: 16,
  queryStorage: "float32",
  joined: true,
  hiddenStorage: "float32",
  weightStorage: "float32",
  contextStorage: "float32",
};
const needed: NeededShapes = {
  linear: [
    { of: "linear", shape: layer(4096), work: 9 },
    { of: "linear", shape: layer(512), work: 2 },
  ],
  attention: [
    { of: "window", shape: attention, work: 5 },
    { of: "global", shape: attention, work: 1 },
  ],
};
const onlyLayers: NeededShapes = { ...needed, attention: [] };

const labelOf = (one: Measured): string => `${one.of} ${one.of === "linear" ? one.shape.rows : one.shape.sequence}`;
const inOrder = ["linear 4096", "window 4096", "linear 512", "global 4096"];

const asked: string[] = [];
beforeEach(() => {
  asked.length = 0;
  vi.restoreAllMocks();
});

/** As if one tiling of layers, and one choice of each part of attention, were so many times as fast as what rules choose. */
const measureAs =
  (factor: number, tiling = "tile-32x32"): NonNullable<TuningOptions["measure"]> =>
  async (known): Promise<KeptTimes<LinearChoice | AttentionChoice>> => {
    asked.push(labelOf(known));
    const choice =
      known.of === "linear"
        ? { tiling }
        : known.of === "window"
          ? { window: "staged", windowSplits: 2 }
          : ({ globalForm: "direct", direct: "staged" } as const);
    return {
      complete: true,
      times: [
        { choice: { tiling: "tile-128x128" }, milliseconds: null, byRules: null },
        { choice, milliseconds: 1, byRules: factor },
      ],
    };
  };

const tilingsFound = ({ linear }: MeasuredTuning): readonly string[] => linear.entries.map(({ tiling }) => tiling);

test("measures what is not known yet, once, the dearest first, and kernels are planned by it", async () => {
  const store = memoryStore();
  const measure = measureAs(2);
  const tuning = await measuredTuning(
    live,
    store,
    { linear: needed.linear.slice(0, 1), attention: needed.attention.slice(0, 1) },
    { measure },
  );
  expect(tilingsFound(tuning)).toEqual(["tile-32x32"]);
  const product = { rows: 4000, columns: 768, inner: 768, stack: 1, rightLayout: "columns" } as const;
  expect(heuristicTiling(facts, product).name).not.toBe("tile-32x32");
  expect(chooseTiling(tuning.linear)(facts, product, "float32").name).toBe("tile-32x32");
  expect(chooseAttention(tuning.attention)(facts, { ...attention, sequence: 4000 })).toEqual({
    window: { kind: "staged", name: "staged" },
    windowSplits: 2,
  });
  expect(asked).toEqual(inOrder.slice(0, 2));
  const more = await measuredTuning(live, store, needed, { measure });
  expect(asked).toEqual(inOrder);
  expect(chooseAttention(more.attention)(facts, attention)).toEqual({
    window: { kind: "staged", name: "staged" },
    windowSplits: 2,
    globalForm: "direct",
    direct: { kind: "staged", name: "staged" },
  });
  expect([...store.texts.keys()]).toEqual([expect.stringMatching(/^tuning-1-a-GPU-of-some-driver-[0-9a-f]{8}\.json$/)]);
  expect(await measuredTuning(live, store, needed, { measure })).toEqual(more);
  expect(asked).toEqual(inOrder);
});

test("sessions of two processes that measure at once keep what both found, each shape when it is found", async () => {
  const store = memoryStore();
  const kept = (): readonly string[] =>
    [...store.texts.values()].flatMap((text) => (JSON.parse(text).measured as readonly Measured[]).map(labelOf));
  const seen: (readonly string[])[] = [];
  const noting: NonNullable<TuningOptions["measure"]> = async (known, ...rest) => {
    seen.push(kept());
    return measureAs(2)(known, ...rest);
  };
  // Both are opened before any has measured: neither knows of the other.
  const [layers, parts] = [
    await openTuning(live, store, { ...needed, attention: [] }, { measure: noting }),
    await openTuning(live, store, { ...needed, linear: [] }, { measure: noting }),
  ];
  await parts.unmeasured?.measure();
  expect(seen).toEqual([[], ["window 4096"]]);
  await layers.unmeasured?.measure();
  expect(kept().toSorted()).toEqual(inOrder.toSorted());
});

test("keeps the rules' choice where nothing is clearly faster", async () => {
  const byRule = heuristicTiling(facts, { ...layer(4096), stack: 1, rightLayout: "columns" }).name;
  const tuning = await measuredTuning(live, memoryStore(), needed, { measure: measureAs(1.02) });
  expect(tilingsFound(tuning)[0]).toBe(byRule);
  expect(chooseAttention(tuning.attention)(facts, attention)).toEqual({});
});

test("keeps each time that was taken before the deadline, and goes on from there the next time", async () => {
  const store = memoryStore();
  const one = { choice: { tiling: "tile-64x64" }, milliseconds: 1, byRules: 1.5 };
  let now = 1000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const half = await measuredTuning(live, store, needed, {
    measure: async (known, _, deadline) => {
      asked.push(labelOf(known));
      expect(deadline).toBe(now + 500);
      now = deadline;
      return { complete: false, times: [one] };
    },
  });
  expect(asked).toEqual(["linear 4096"]);
  expect(tilingsFound(half)).toEqual(["tile-64x64"]);
  const seen: Measured[] = [];
  await measuredTuning(live, store, needed, {
    measure: async (known) => {
      seen.push(known);
      return { complete: true, times: known.times };
    },
  });
  expect(seen.map(labelOf)).toEqual(inOrder);
  expect(seen.map(({ times }) => times)).toEqual([[one], [], [], []]);
});

test("takes nothing for known that another device, another version or nobody wrote, or that is damaged", async () => {
  const written = memoryStore();
  await measuredTuning(live, written, needed, { measure: measureAs(2) });
  const [[name, own] = ["", ""]] = [...written.texts];
  const tuning = JSON.parse(own);
  const [first, second] = tuning.measured;
  const timed = { choice: { tiling: "tile-32x32" }, milliseconds: 1, byRules: 3 };
  const texts = [
    "",
    "null",
    "[]",
    "{",
    own.slice(0, -9),
    ...[
      { version: 2 },
      { device: "a GPU of some-driver" },
      { candidates: ["tile-32x32"] },
      { measured: undefined },
      { measured: {} },
      ...[
        null,
        { ...first, of: "matMul" },
        { ...first, complete: 1 },
        { ...first, shape: undefined },
        { ...first, shape: { ...first.shape, rows: 0.5 } },
        { ...second, shape: { ...second.shape, sequence: null } },
        { ...first, times: undefined },
        { ...first, times: [null] },
        { ...first, times: [{ ...timed, choice: null }] },
        { ...first, times: [{ ...timed, choice: { window: { kind: "quads" } } }] },
        { ...first, times: [{ ...timed, milliseconds: -1 }] },
        { ...first, times: [{ ...timed, byRules: "3" }] },
      ].map((damaged) => ({ measured: [damaged] })),
    ].map((change) => JSON.stringify({ ...tuning, ...change })),
  ];
  for (const text of texts) {
    const store = memoryStore();
    store.texts.set(name, text);
    asked.length = 0;
    await measuredTuning(live, store, needed, { measure: measureAs(2, "tile-64x64") });
    expect({ text, asked }).toEqual({ text, asked: inOrder });
  }
});

test("what is kept decides nothing that it does not name rightly", async () => {
  const store = memoryStore();
  await measuredTuning(live, store, needed, { measure: measureAs(2) });
  const [[name, own] = ["", ""]] = [...store.texts];
  const { measured, ...rest } = JSON.parse(own);
  const renamed = JSON.stringify(measured).replaceAll("staged", "quads-of-nobody").replaceAll("tile-32x32", "tile-of-nobody");
  store.texts.set(name, JSON.stringify({ ...rest, measured: JSON.parse(renamed) }));
  asked.length = 0;
  const tuning = await measuredTuning(live, store, needed, { measure: measureAs(2) });
  expect(asked).toEqual([]);
  expect(chooseAttention(tuning.attention)(facts, attention)).toEqual({});
  const product = { rows: 4096, columns: 768, inner: 768, stack: 1, rightLayout: "columns" } as const;
  expect(chooseTiling(tuning.linear)(facts, product, "float32")).toEqual(heuristicTiling(facts, product));
});

test("one GPU with other limits is another device, and each keeps its own", async () => {
  const store = memoryStore();
  const narrow: LiveDevice = { ...live, facts: { ...facts, limits: { ...facts.limits, maxComputeInvocationsPerWorkgroup: 64 } } };
  for (const one of [live, narrow, live, narrow]) {
    asked.length = 0;
    await measuredTuning(one, store, onlyLayers, { measure: measureAs(2) });
    if (one === live) expect(asked).toEqual(store.texts.size === 1 ? ["linear 4096", "linear 512"] : []);
  }
  expect(store.texts.size).toBe(2);
});

describe("where nothing can be measured or kept", () => {
  test("rules go on where there is no memory, and nothing is kept of it", async () => {
    const store = memoryStore();
    const tuning = await measuredTuning(live, store, needed, {
      measure: async (known, ...rest) => {
        if (labelOf(known) === "linear 4096") throw new LongspanError("out-of-memory", "The GPU has no memory left.");
        return measureAs(2)(known, ...rest);
      },
    });
    expect(tuning.linear.entries.map(({ rows }) => rows)).toEqual([512]);
    expect(tuning.attention.entries.map(({ part }) => part)).toEqual(["window", "global"]);
  });

  test("a lost device and an abort are told", async () => {
    for (const code of ["device-lost", "aborted"] as const) {
      const measure = () => Promise.reject(new LongspanError(code, "No more."));
      await expect(measuredTuning(live, memoryStore(), needed, { measure })).rejects.toMatchObject({ code });
    }
  });

  test("a store that keeps nothing is no obstacle", async () => {
    const forgetful: TuningStore = { read: async () => undefined, write: async () => undefined };
    expect(tilingsFound(await measuredTuning(live, forgetful, needed, { measure: measureAs(2) })).length).toBe(2);
  });
});

describe("measuring that comes to no end", () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const lost = async (): Promise<never> => {
    throw new LongspanError("device-lost", "The GPU device was lost.");
  };

  test.each<readonly [string, TuningOptions["measure"]]>([
    ["the process ends meanwhile", never],
    ["the device is lost", lost],
  ])("is begun three times in a row, and then no more: %s", async (_, measure) => {
    const store = memoryStore();
    await measuredTuning(live, store, { ...onlyLayers, linear: needed.linear.slice(0, 1) }, { measure: measureAs(2) });
    for (let time = 0; time < 3; time++) {
      const { unmeasured } = await openTuning(live, store, needed, { measure });
      const measuring = unmeasured?.measure();
      if (measure === never) await vi.waitUntil(() => [...store.texts.values()].some((text) => text.includes(`"unfinished":${time + 1}`)));
      else await expect(measuring).rejects.toMatchObject({ code: "device-lost" });
    }
    const { tuning, unmeasured } = await openTuning(live, store, needed, { measure: measureAs(2) });
    expect([unmeasured, tilingsFound(tuning)]).toEqual([undefined, ["tile-32x32"]]);
  });

  test("compiling counts likewise, and what came to its end counts no more", async () => {
    const store = memoryStore();
    const unfinished = (): unknown => JSON.parse([...store.texts.values()][0] ?? "{}").unfinished;
    await expect(measuredTuning(live, store, needed, { measure: lost })).rejects.toThrow("The GPU device was lost.");
    const { unmeasured } = await openTuning(live, store, needed, { measure: measureAs(2) });
    const compiling = unmeasured?.compile(() => true);
    await vi.waitUntil(() => unfinished() === 2);
    // Measuring does not wait for what is compiled.
    await Promise.all([compiling, unmeasured?.measure()]);
    expect(unfinished()).toBe(0);
    await expect(
      measuredTuning(live, store, { ...needed, linear: [{ of: "linear", shape: layer(1024), work: 1 }] }, { measure: lost }),
    ).rejects.toThrow("The GPU device was lost.");
    expect(unfinished()).toBe(1);
  });

  test("being aborted, or compiling alone, is no loss", async () => {
    const store = memoryStore();
    const aborted = async (): Promise<never> => {
      throw new LongspanError("aborted", "Aborted.");
    };
    for (let time = 0; time < 4; time++) {
      const { unmeasured } = await openTuning(live, store, needed, { measure: aborted });
      await unmeasured?.compile(() => true);
      await expect(unmeasured?.measure()).rejects.toMatchObject({ code: "aborted" });
    }
    expect(tilingsFound(await measuredTuning(live, store, needed, { measure: measureAs(2) }))).toEqual(["tile-32x32", "tile-32x32"]);
  });
});
