import type { HubOptions, HubSettings } from "../hub-options.ts";
import type { HubStore } from "../hub-store.ts";

/** What differs between Node and browsers. */
export interface Machine {
  /** The options, and what the environment says where they say nothing. */
  settings(options: HubOptions): Promise<HubSettings>;
  store(repository: string, settings: HubSettings): HubStore;
}
