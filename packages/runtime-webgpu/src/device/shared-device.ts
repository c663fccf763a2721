import { liveDevice, type LiveDevice } from "./live-device.ts";
import type { DeviceOptions } from "./device-options.ts";
import { openDevice } from "./open-device.ts";

/** A device in use; whoever got it gives it back. */
export interface DeviceLoan {
  readonly live: LiveDevice;
  giveBack(): void;
}

/**
 * The device of one runtime: opened when first needed, shared by its sessions, opened anew after it was lost. What is the caller's is not: neither
 * a device, nor the one device that an adapter gives.
 */
export interface SharedDevice {
  /** @throws LongspanError what `openDevice` throws; `device-lost` when that of the caller's own device, or adapter, is. */
  borrow(): Promise<DeviceLoan>;
  /** Nobody borrows any more. */
  close(): void;
}

interface Opened {
  readonly opening: Promise<LiveDevice>;
  live: LiveDevice | undefined;
  loans: number;
}

/**
 * A device that we opened is destroyed when the last loan is back, one of the caller's adapter when it is closed as well; the caller's device
 * never.
 */
export function sharedDevice(options: DeviceOptions): SharedDevice {
  const isOurs = options.device === undefined;
  const isOnly = !isOurs || options.adapter !== undefined;
  const remedy = isOnly
    ? `Make a runtime with a new ${isOurs ? "adapter" : "device"}`
    : "Prepare the session again from the same checkpoint";
  let current: Opened | undefined;
  let closed = false;

  const open = (): Opened => {
    const opening = openDevice(options).then(({ device, facts }) => liveDevice(device, facts, remedy));
    return { opening, live: undefined, loans: 0 };
  };
  const destroyUnused = (opened: Opened): void => {
    if (opened.loans > 0 || !isOurs || (isOnly && !closed)) return;
    if (current === opened) current = undefined;
    opened.live?.device.destroy();
  };
  const leave = (opened: Opened): void => {
    opened.loans--;
    destroyUnused(opened);
  };
  const lend = async (opened: Opened): Promise<DeviceLoan> => {
    opened.loans++;
    try {
      const live = await opened.opening;
      opened.live = live;
      live.check();
      let returned = false;
      return {
        live,
        giveBack() {
          if (!returned) leave(opened);
          returned = true;
        },
      };
    } catch (error) {
      leave(opened);
      if (current === opened && opened.live === undefined) current = undefined;
      throw error;
    }
  };

  return {
    async borrow() {
      for (;;) {
        if (!isOnly && current?.live?.isLost() === true) current = undefined;
        const known = current;
        try {
          return await lend((current ??= open()));
        } catch (error) {
          // One that stood, but was lost while it was waited for, is replaced; a new one that is lost at once is not.
          if (isOnly || known?.live?.isLost() !== true) throw error;
        }
      }
    },
    close() {
      closed = true;
      if (current !== undefined) destroyUnused(current);
    },
  };
}
