import { beforeEach, expect, test, vi } from "vitest";
import { defaultFacts } from "../testing/default-facts.ts";
import { openDevice } from "./open-device.ts";
import { sharedDevice } from "./shared-device.ts";

vi.mock("./open-device.ts", () => ({ openDevice: vi.fn<typeof openDevice>() }));

interface Opened {
  lose(): void;
  destroyed: boolean;
}

/** The devices that were opened. */
let opened: Opened[] = [];
beforeEach(() => {
  opened = [];
  vi.mocked(openDevice).mockImplementation(async () => {
    const { promise: lost, resolve } = Promise.withResolvers<GPUDeviceLostInfo>();
    const one: Opened = {
      lose: () => resolve({ reason: "unknown", message: "the driver was reset" } as GPUDeviceLostInfo),
      destroyed: false,
    };
    opened.push(one);
    const device = { lost, destroy: () => void (one.destroyed = true) };
    return { device: device as unknown as GPUDevice, facts: defaultFacts };
  });
});

test("is destroyed with the last loan, and opened anew", async () => {
  const shared = sharedDevice({});
  const loans = [await shared.borrow(), await shared.borrow()];
  for (const loan of loans) {
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([false]);
    loan.giveBack();
    loan.giveBack();
  }
  await shared.borrow();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, false]);
});

test("one that is lost just when it is borrowed is replaced", async () => {
  const shared = sharedDevice({});
  const { live } = await shared.borrow();
  opened[0]?.lose();
  const borrowing = shared.borrow();
  expect(live.isLost()).toBe(false);
  expect((await borrowing).live.isLost()).toBe(false);
  expect(opened.length).toBe(2);
});

test("a new one that is lost at once is not tried again and again", async () => {
  const shared = sharedDevice({});
  const borrowing = shared.borrow();
  opened[0]?.lose();
  await expect(borrowing).rejects.toMatchObject({ code: "device-lost" });
  expect(opened.length).toBe(1);
});

test("the one that a passed adapter gives stands until nobody borrows any more, and is not replaced", async () => {
  const shared = sharedDevice({ adapter: {} as GPUAdapter });
  (await shared.borrow()).giveBack();
  (await shared.borrow()).giveBack();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([false]);
  shared.close();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
  const other = sharedDevice({ adapter: {} as GPUAdapter });
  const loan = await other.borrow();
  opened[1]?.lose();
  await expect(other.borrow()).rejects.toMatchObject({
    code: "device-lost",
    message: expect.stringContaining("Make a runtime with a new adapter."),
  });
  other.close();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, false]);
  loan.giveBack();
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true]);
});
