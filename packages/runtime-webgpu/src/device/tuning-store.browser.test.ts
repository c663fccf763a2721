import { afterEach, expect, test, vi } from "vitest";
import { openTuning, type MeasuredTuning } from "../tuning/measured-tuning.ts";
import { liveDevice } from "./live-device.ts";
import { readDeviceFacts } from "./read-device-facts.ts";
import { tuningStore } from "./tuning-store.browser.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  for (const name of await caches.keys()) await caches.delete(name);
});

test("what is written is read, by another page of the origin as well", async () => {
  expect(await tuningStore().read("a/b c.json")).toBeUndefined();
  await tuningStore().write("a/b c.json", "one");
  await tuningStore().write("a/b c.json", "two");
  expect(await tuningStore().read("a/b c.json")).toBe("two");
  expect(await tuningStore().read("a/b")).toBeUndefined();
});

test("a browser that lets no page keep anything keeps nothing and throws nothing", async () => {
  vi.spyOn(caches, "open").mockRejectedValue(new DOMException("The operation is insecure.", "SecurityError"));
  await tuningStore().write("a.json", "one");
  expect(await tuningStore().read("a.json")).toBeUndefined();
});

test("a full disk keeps nothing and throws nothing", async () => {
  vi.spyOn(Cache.prototype, "put").mockRejectedValue(new DOMException("Quota exceeded.", "QuotaExceededError"));
  await tuningStore().write("a.json", "one");
  expect(await tuningStore().read("a.json")).toBeUndefined();
});

test("a device's measurements are made once for an origin", async () => {
  const device = await (await navigator.gpu.requestAdapter())?.requestDevice();
  if (device === undefined) throw new Error("this browser has no GPU adapter");
  const live = liveDevice(device, { ...readDeviceFacts(device), kind: "gpu" }, "Open another");
  const shape = { rows: 512, columns: 64, inner: 64, weightStorage: "float32" } as const;
  let measured = 0;
  const tune = async (): Promise<MeasuredTuning> => {
    const { tuning, unmeasured } = await openTuning(
      live,
      tuningStore(),
      { linear: [{ of: "linear", shape, work: 1 }], attention: [] },
      {
        measure: async () => {
          measured++;
          return { complete: true, times: [{ choice: { tiling: "tile-32x32" }, milliseconds: 1, byRules: 2 }] };
        },
      },
    );
    return unmeasured === undefined ? tuning : unmeasured.measure();
  };
  const first = await tune();
  expect(first.linear.entries.map(({ tiling }) => tiling)).toEqual(["tile-32x32"]);
  expect(await tune()).toEqual(first);
  expect(measured).toBe(1);
  device.destroy();
});
