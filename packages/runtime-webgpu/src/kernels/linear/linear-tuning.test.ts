import { beforeAll, expect, test } from "vitest";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import type { LinearTuning } from "./check-tuning.ts";
import { chooseTiling } from "./linear-tuning.ts";
import { heuristicTiling, tilingsOf } from "./heuristic-tiling.ts";
import type { ProductShape } from "./tiling.ts";
import { tuneLinear } from "./tune-linear.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await testDevice();
});

const shape: ProductShape = { rows: 100, columns: 32, inner: 16, stack: 1, rightLayout: "columns" };

test("a tuning's nearest entry decides, on its own device and near the rows it measured", () => {
  const { facts } = gpu;
  const other = tilingsOf(facts).find(({ name }) => name === "split-64");
  const heuristic = heuristicTiling(facts, shape);
  if (other === undefined) throw new Error("no second tiling");
  const entry = { rows: 80, columns: 32, inner: 16, weightStorage: "float32", gigaflops: {} } as const;
  const tuning: LinearTuning = {
    version: 1,
    device: facts.name,
    entries: [
      { ...entry, tiling: other.name },
      { ...entry, rows: 190, tiling: heuristic.name },
      { ...entry, rows: 400, tiling: "a tiling of another version" },
    ],
  };
  const choose = chooseTiling(tuning);
  expect(choose(facts, shape, "float32")).toEqual(other);
  expect(choose(facts, { ...shape, rows: 200 }, "float32")).toEqual(heuristic);
  expect(choose(facts, { ...shape, rows: 300 }, "float32")).toEqual(heuristicTiling(facts, { ...shape, rows: 300 }));
  expect(choose(facts, { ...shape, rows: 20 }, "float32")).toEqual(heuristicTiling(facts, { ...shape, rows: 20 }));
  expect(choose(facts, shape, "float16")).toEqual(heuristic);
  expect(choose(facts, { ...shape, columns: 36 }, "float32")).toEqual(heuristicTiling(facts, { ...shape, columns: 36 }));
  expect(choose({ ...facts, name: "another device" }, shape, "float32")).toEqual(heuristic);
});

test("a tuning of another version is refused", () => {
  const later = JSON.parse('{ "version": 2, "device": "a GPU" }') as LinearTuning;
  expect(() => chooseTiling(later)).toThrow("version 2, not 1");
});

test("tuneLinear tries tilings on the device, and names one of them, as plain data", async () => {
  const { device, facts } = gpu;
  const tilings = tilingsOf(facts)
    .filter(({ kind }) => kind === "lanes")
    .map(({ name }) => name);
  const tuning = await tuneLinear(device, [{ rows: 9, columns: 8, inner: 8, weightStorage: "float32" }], { tilings });
  expect(JSON.parse(JSON.stringify(tuning))).toEqual(tuning);
  expect(tuning.device).toBe(facts.name);
  const [entry] = tuning.entries;
  expect(Object.keys(entry?.gigaflops ?? {})).toEqual(tilings);
  expect(tilings).toContain(entry?.tiling);
});

test("what cannot be tuned is refused by name", async () => {
  const { device } = gpu;
  const tuned = (sizes: object, options?: object): Promise<LinearTuning> =>
    tuneLinear(device, [{ rows: 1, columns: 1, inner: 1, weightStorage: "float32", ...sizes }], options);
  await expect(tuned({ rows: 0 })).rejects.toMatchObject({ code: "argument-invalid", message: expect.stringContaining('"rows":0') });
  await expect(tuned({}, { tilings: ["wide"] })).rejects.toMatchObject({
    code: "argument-invalid",
    message: expect.stringContaining('"wide"'),
  });
  await expect(tuned({ rows: 2 ** 20, inner: 2 ** 12 })).rejects.toMatchObject({ code: "device-limit" });
  await expect(tuned({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
});

test("the adapter tells the shapes of matrix units where the device does not", async () => {
  const features = new Set(["chromium-experimental-subgroup-matrix", "shader-f16", "subgroups"]);
  const device = { features, limits: gpu.device.limits, adapterInfo: {}, lost: new Promise(() => undefined) } as unknown as GPUDevice;
  const config = { componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 };
  const info = { subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs: [config] };
  const refusal = async (adapter: object | undefined): Promise<string> => {
    const options = { tilings: ["wide"], ...(adapter && { adapter: adapter as GPUAdapter }) };
    return tuneLinear(device, [], options).then(String, ({ message }: Error) => message);
  };
  expect(await refusal({ info })).toMatch(/no tiling "wide"; it has .*matrix-.*16x16x16/);
  expect(await refusal(undefined)).not.toContain("matrix-");
});
