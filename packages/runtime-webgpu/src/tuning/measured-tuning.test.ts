import { LongspanError } from "@longspan/core";
import { afterAll, describe, expect, test } from "vitest";
import { liveDevice, type LiveDevice } from "../device/live-device.ts";
import type { TuningStore } from "../device/tuning-store.ts";
import type { LinearShape, LinearTuningEntry } from "../kernels/linear/index.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { measureTilings } from "../kernels/linear/measure-tilings.ts";
import { heuristicTiling, tilingsOf } from "../kernels/linear/heuristic-tiling.ts";
import type { Tiling } from "../kernels/linear/tiling.ts";
import { countCalls } from "../testing/counted-device.ts";
import { testDevice } from "../testing/test-device.ts";
import { measuredTuning } from "./measured-tuning.ts";
import { neededProducts } from "./needed-products.ts";

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

const shape = (rows: number, columns: number, inner: number): LinearShape => ({ rows, columns, inner, weightStorage: "float32" });
const shapes = [shape(4096, 768, 768), shape(512, 768, 768)];

/** As if the tiling of this name were so many times as fast as all others. */
function measureAs(fastest: string, factor: number, asked: LinearShape[]) {
  return async (of: LinearShape, tilings: readonly Tiling[]): Promise<LinearTuningEntry> => {
    asked.push(of);
    const gigaflops = Object.fromEntries(tilings.map(({ name }) => [name, name === fastest ? 100 * factor : 100]));
    return { ...of, tiling: fastest, gigaflops };
  };
}

describe("measuredTuning", () => {
  test("measures what is not known yet, once, and products are planned by it", async () => {
    const store = memoryStore();
    const asked: LinearShape[] = [];
    const measure = measureAs("tile-32x32", 2, asked);
    const tuning = await measuredTuning(live, store, shapes.slice(0, 1), { measure });
    expect(tuning.entries.map(({ tiling }) => tiling)).toEqual(["tile-32x32"]);
    const product = { rows: 4000, columns: 768, inner: 768, stack: 1, rightLayout: "columns" } as const;
    expect(heuristicTiling(facts, product).name).not.toBe("tile-32x32");
    expect(chooseTiling(tuning)(facts, product, "float32").name).toBe("tile-32x32");
    const more = await measuredTuning(live, store, shapes, { measure });
    expect(more.entries.length).toBe(2);
    expect(asked).toEqual(shapes);
    expect([...store.texts.keys()]).toEqual([expect.stringMatching(/^linear-tuning-1-a-GPU-of-some-driver-[0-9a-f]{8}\.json$/)]);
    await measuredTuning(live, store, shapes, { measure });
    expect(asked).toEqual(shapes);
  });

  test("keeps the rules' choice where nothing is clearly faster", async () => {
    const byRule = heuristicTiling(facts, { ...shape(4096, 768, 768), stack: 1, rightLayout: "columns" }).name;
    const { entries } = await measuredTuning(live, memoryStore(), shapes.slice(0, 1), { measure: measureAs("tile-32x32", 1.02, []) });
    expect(entries[0]?.tiling).toBe(byRule);
  });

  test("keeps what was done in time, and does the rest the next time", async () => {
    const store = memoryStore();
    const asked: LinearShape[] = [];
    const measure = measureAs("tile-32x32", 2, asked);
    const half = await measuredTuning(live, store, shapes, {
      measure: async (of, tilings) => (asked.length === 0 ? measure(of, tilings) : undefined),
    });
    expect(half.entries.length).toBe(1);
    expect((await measuredTuning(live, store, shapes, { measure })).entries.length).toBe(2);
    expect(asked).toEqual(shapes);
  });

  test("takes nothing for known that another device, another version or nobody wrote", async () => {
    const written = memoryStore();
    await measuredTuning(live, written, shapes, { measure: measureAs("tile-32x32", 2, []) });
    const [[name, own] = ["", ""]] = [...written.texts];
    const tuning = JSON.parse(own);
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      JSON.stringify({ ...tuning, version: 2 }),
      JSON.stringify({ ...tuning, device: "a GPU of some-driver" }),
      JSON.stringify({ ...tuning, entries: [null] }),
      JSON.stringify({ ...tuning, candidates: ["tile-32x32"] }),
    ]) {
      const store = memoryStore();
      store.texts.set(name, text);
      const asked: LinearShape[] = [];
      await measuredTuning(live, store, shapes, { measure: measureAs("tile-64x64", 2, asked) });
      expect({ text, asked }).toEqual({ text, asked: shapes });
    }
  });

  test("one GPU with other limits is another device, and each keeps its own", async () => {
    const store = memoryStore();
    const narrow: LiveDevice = { ...live, facts: { ...facts, limits: { ...facts.limits, maxComputeInvocationsPerWorkgroup: 64 } } };
    for (const one of [live, narrow, live, narrow]) {
      const asked: LinearShape[] = [];
      await measuredTuning(one, store, shapes, { measure: measureAs("tile-32x32", 2, asked) });
      if (one === live) expect(asked).toEqual(store.texts.size === 1 ? shapes : []);
    }
    expect(store.texts.size).toBe(2);
  });

  test("goes on by rules where there is no memory to measure in, and keeps nothing of it", async () => {
    const store = memoryStore();
    const { entries } = await measuredTuning(live, store, shapes, {
      measure: async (of, tilings) => {
        if (of.rows === 4096) throw new LongspanError("out-of-memory", "The GPU has no memory left.");
        return measureAs("tile-32x32", 2, [])(of, tilings);
      },
    });
    expect(entries.map(({ rows }) => rows)).toEqual([512]);
  });

  test("a store that keeps nothing is no obstacle", async () => {
    const forgetful: TuningStore = { read: async () => undefined, write: async () => undefined };
    expect((await measuredTuning(live, forgetful, shapes, { measure: measureAs("tile-32x32", 2, []) })).entries.length).toBe(2);
  });
});

describe("measureTilings", () => {
  const small = tilingsOf(facts).filter(({ name }) => name === "tile-32x32" || name.startsWith("lanes-rows"));

  test("tells how fast each tiling is, by name", async () => {
    const entry = await measureTilings(live, shape(64, 32, 32), small, { rounds: 1, milliseconds: 0.1 });
    expect(Object.keys(entry?.gigaflops ?? {}).toSorted()).toEqual(small.map(({ name }) => name).toSorted());
    for (const value of Object.values(entry?.gigaflops ?? {})) expect(value).toBeGreaterThan(0);
    expect(entry?.gigaflops[entry.tiling]).toBe(Math.max(...Object.values(entry?.gigaflops ?? {})));
  });

  test("tells nothing when its time is over", async () => {
    const options = { rounds: 1, milliseconds: 0.1, deadline: performance.now() - 1 };
    expect(await measureTilings(live, shape(64, 32, 32), small, options)).toBeUndefined();
  });

  test("leaves out what the device does not compile, and throws what memory or the device itself lacks", async () => {
    const failing = (code: string, error: Error): LiveDevice => ({
      ...live,
      pipelines: { get: async (kernel) => (kernel.name.includes(code) ? Promise.reject(error) : live.pipelines.get(kernel)) },
    });
    const counts = countCalls(device);
    const options = { rounds: 1, milliseconds: 0.1 };
    const entry = await measureTilings(failing("tile-32x32", new Error("does not compile")), shape(64, 32, 32), small, options);
    expect(Object.keys(entry?.gigaflops ?? {})).toEqual(small.map(({ name }) => name).filter((name) => name !== "tile-32x32"));
    expect(await measureTilings(failing("linear", new Error("does not compile")), shape(64, 32, 32), small, options)).toBeUndefined();
    const lost = new LongspanError("device-lost", "The GPU device was lost.");
    await expect(measureTilings(failing("tile-32x32", lost), shape(64, 32, 32), small, options)).rejects.toBe(lost);
    expect(counts.buffersStanding).toBe(0);
  });
});

test("needed products are those of many rows, each once, the dearest first", () => {
  const needed = neededProducts();
  const product = (rows: number, columns: number, stack = 1) => ({ rows, columns, inner: 64, stack, rightLayout: "columns" }) as const;
  for (const one of [product(512, 64), product(4096, 64), product(512, 64), product(16, 64), product(512, 64, 12), product(512, 256)])
    expect(needed.choose(facts, one, "float16")).toEqual(heuristicTiling(facts, one, "float16"));
  expect(needed.shapes().map(({ rows, columns }) => [rows, columns])).toEqual([
    [4096, 64],
    [512, 256],
    [512, 64],
  ]);
  expect(needed.shapes()[0]).toMatchObject({ weightStorage: "float16", activationStorage: "float16" });
});
