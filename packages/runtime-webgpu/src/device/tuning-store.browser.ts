import type { TuningStore } from "./tuning-store.ts";

const cacheName = "longspan-tuning";

/** This origin's Cache API, where there is one (secure contexts). The browser may empty it at any time. */
export function tuningStore(): TuningStore {
  const open = (): Promise<Cache | undefined> =>
    "caches" in globalThis ? globalThis.caches.open(cacheName).catch(() => undefined) : Promise.resolve(undefined);
  // An address that nobody serves: entries of the Cache API are answers to requests.
  const keyOf = (name: string): string => `https://longspan.invalid/tuning/${encodeURIComponent(name)}`;
  return {
    read: (name) =>
      open().then(
        async (cache) => (await cache?.match(keyOf(name)))?.text(),
        () => undefined,
      ),
    async write(name, text) {
      await open()
        .then((cache) => cache?.put(keyOf(name), new Response(text)))
        .catch(() => undefined);
    },
  };
}
