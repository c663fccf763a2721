import { signal } from "@preact/signals";

/** What the page and its worker take of memory, as the browser counted last; undefined where it does not tell. */
export const usedMemory = signal<number | undefined>(undefined);

/**
 * Asks the browser, which answers when it collects garbage next. Pages that are isolated from other origins may ask, in Chromium
 * (https://wicg.github.io/performance-measure-memory/).
 */
export async function measureMemory(): Promise<void> {
  const measure: unknown = Reflect.get(performance, "measureUserAgentSpecificMemory");
  if (typeof measure !== "function" || !crossOriginIsolated) return;
  try {
    const { bytes } = (await Reflect.apply(measure, performance, [])) as { readonly bytes: number };
    usedMemory.value = bytes;
  } catch {
    usedMemory.value = undefined;
  }
}
