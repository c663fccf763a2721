import { effect } from "@preact/signals";
import { announcement } from "../state/conversation.ts";
import { loadedModel } from "../state/models.ts";
import { looked } from "../views/look/look-state.ts";
import { texts } from "../texts/language.ts";

/**
 * Makes the page work offline from its first use on: who only looks at it downloads nothing more than what is seen. What WebAssembly needs is
 * kept where that is what runs.
 */
export function startOffline(): void {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  let started = navigator.serviceWorker.controller !== null;
  effect(() => {
    // After the first files have been read: two requests for one file wait for each other in the browser's cache.
    if (started || (loadedModel.value === undefined && looked.inspection.value === undefined)) return;
    started = true;
    void register();
  });
  effect(() => {
    if (loadedModel.value?.runtime !== "wasm") return;
    void navigator.serviceWorker.ready.then(({ active }) => active?.postMessage("keep-wasm"));
  });
}

async function register(): Promise<void> {
  try {
    await navigator.serviceWorker.register("service-worker.js", { type: "module" });
    await navigator.serviceWorker.ready;
    announcement.value = texts.peek().ready;
  } catch {
    // A private window has no service workers: the page works, and only while there is a network.
  }
}
