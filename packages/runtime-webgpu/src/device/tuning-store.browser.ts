import type { TuningStore } from "./tuning-store.ts";

const cacheName = "longspan-tuning";

/**
 * This origin's Cache API, where there is one (secure contexts) and it may be used (a sandboxed frame's throws when it is asked for). The
 * browser may empty it at any time.
 */
export function tuningStore(): TuningStore {
  const open = async (): Promise<Cache | undefined> => ("caches" in globalThis ? globalThis.caches.open(cacheName) : undefined);
  // An address that nobody serves: entries of the Cache API are answers to requests.
  const keyOf = (name: string): string => `https://longspan.invalid/tuning/${encodeURIComponent(name)}`;
  return {
    async read(name) {
      try {
        return await (await (await open())?.match(keyOf(name)))?.text();
      } catch {
        return undefined;
      }
    },
    async write(name, text) {
      try {
        await (await open())?.put(keyOf(name), new Response(text));
      } catch {
        // What cannot be kept is measured again.
      }
    },
  };
}
