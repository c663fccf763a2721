import { expect, test } from "vitest";
import { testDevice } from "../testing/test-device.ts";
import { openDevice } from "./open-device.ts";
import { readAdapterFacts } from "./read-device-facts.ts";

const feature = "chromium-experimental-subgroup-matrix";

/** A GPU with matrix units, as Dawn's binding for Node shows it: the adapter tells their shapes, the device's own info does not. */
async function adapterWithMatrixUnits(): Promise<GPUAdapter> {
  const { adapter, device } = await testDevice();
  const config = (componentType: string, M: number, N: number, K: number) => ({ componentType, resultComponentType: "f32", M, N, K });
  const told = {
    vendor: "a vendor",
    architecture: "",
    device: "",
    description: "a GPU with matrix units",
    subgroupMinSize: 32,
    subgroupMaxSize: 32,
  };
  const configs = [config("f16", 16, 16, 16), config("f16", 16, 8, 16), config("i8", 16, 16, 32)];
  const all = (features: GPUSupportedFeatures): GPUSupportedFeatures => new Set([...features, feature]);
  return Object.assign(Object.create(adapter) as GPUAdapter, {
    features: all(adapter.features),
    limits: adapter.limits,
    info: { ...told, subgroupMatrixConfigs: configs },
    requestDevice: async ({ requiredFeatures = [] }: { readonly requiredFeatures?: readonly string[] } = {}) =>
      Object.assign(Object.create(device) as GPUDevice, {
        features: new Set(requiredFeatures),
        limits: device.limits,
        adapterInfo: told,
      }),
  });
}

const units = {
  lanes: 32,
  shapes: [
    { rows: 16, columns: 16, inner: 16 },
    { rows: 16, columns: 8, inner: 16 },
  ],
};

test("matrix units are asked for and known where only the adapter tells their shapes", async () => {
  const adapter = await adapterWithMatrixUnits();
  expect(readAdapterFacts(adapter).matrixUnits).toEqual(units);
  const { device, facts } = await openDevice({ adapter });
  expect(device.features.has(feature)).toBe(true);
  expect(facts.matrixUnits).toEqual(units);
  // A caller's device with its adapter beside it, and without.
  expect((await openDevice({ device, adapter })).facts.matrixUnits).toEqual(units);
  expect((await openDevice({ device })).facts.matrixUnits).toBeUndefined();
});

test("matrix units are left alone where features are named without them", async () => {
  const { device, facts } = await openDevice({ adapter: await adapterWithMatrixUnits(), features: ["subgroups", "shader-f16"] });
  expect(device.features.has(feature)).toBe(false);
  expect(facts.matrixUnits).toBeUndefined();
});

test("a device that tells nothing of its adapter is one without a name", async () => {
  const { device } = await testDevice();
  const untold = Object.assign(Object.create(device) as GPUDevice, {
    adapterInfo: undefined,
    features: device.features,
    limits: device.limits,
  });
  expect((await openDevice({ device: untold })).facts).toMatchObject({ name: "unnamed GPU", kind: "gpu", matrixUnits: undefined });
});
