import { defaultEndpoint, defaultTimeout } from "../hub-options.ts";
import { cacheStore } from "./cache-store.browser.ts";
import type { Machine } from "./machine.ts";

export const machine: Machine = {
  settings: async (options) => ({
    ...options,
    endpoint: (options.endpoint ?? defaultEndpoint).replace(/\/+$/, ""),
    offline: options.offline ?? false,
    remote: options.remote ?? false,
    timeout: options.timeout ?? defaultTimeout,
  }),
  store: (repository, { endpoint }) => cacheStore(endpoint, repository),
};
