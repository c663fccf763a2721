import { liveDevice, type LiveDevice } from "./live-device.ts";
import type { DeviceOptions } from "./device-options.ts";
import { openDevice } from "./open-device.ts";

/** A device in use; whoever got it gives it back. */
export interface DeviceLoan {
  readonly live: LiveDevice;
  giveBack(): void;
}

/** The device of one runtime: opened when first needed, shared by its sessions, opened anew after it was lost. */
export interface SharedDevice {
  /** @throws LongspanError what `openDevice` throws; `device-lost` when the caller's own device is. */
  borrow(): Promise<DeviceLoan>;
}

interface Opened {
  readonly opening: Promise<LiveDevice>;
  live: LiveDevice | undefined;
  loans: number;
}

/** A device that we opened is destroyed when the last loan is back; the caller's never. */
export function sharedDevice(options: DeviceOptions): SharedDevice {
  const isOurs = options.device === undefined;
  let current: Opened | undefined;

  const open = (): Opened => {
    const opening = openDevice(options).then(({ device, facts }) =>
      liveDevice(device, facts, isOurs ? "Prepare the session again from the same checkpoint" : "Make a runtime with a new device"),
    );
    return { opening, live: undefined, loans: 0 };
  };
  const leave = (opened: Opened): void => {
    opened.loans--;
    if (opened.loans > 0 || !isOurs) return;
    if (current === opened) current = undefined;
    opened.live?.device.destroy();
  };

  return {
    async borrow() {
      if (isOurs && current?.live?.isLost() === true) current = undefined;
      const opened = (current ??= open());
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
    },
  };
}
