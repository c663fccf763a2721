// What tests of the page ask, and of what.
import type { Page, Worker } from "playwright";
import { expect } from "vitest";

/** A short document, so that SwiftShader reads it in a second. */
export const note: string = "The access code of the Geneva station is 89944. There are 83 new doors at the Zurich harbour. ".repeat(3);
const question = "What is the access code of the Geneva station?";
/** What the note says. */
export const answer = "89944";

export async function useDocument(page: Page, name: string, text: string): Promise<void> {
  await page.locator("[data-purpose=document]").setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
  await page.getByRole("heading", { name }).waitFor();
}

/** Another instead of the one that is open. */
export async function changeDocument(page: Page, name: string, text: string): Promise<void> {
  await page.locator(".document").getByRole("button", { name: "Change" }).click();
  await useDocument(page, name, text);
  await page.locator("[data-purpose=document]").waitFor({ state: "detached" });
}

export async function useShortDocument(page: Page): Promise<void> {
  await useDocument(page, "note.txt", note);
}

export async function ask(page: Page, text: string = question): Promise<void> {
  await page.getByRole("textbox", { name: "Your question" }).fill(text);
  await page.keyboard.press("Enter");
  await page.locator(".entry").first().getByRole("heading", { name: text }).waitFor();
}

/** The best answer to the newest question, when it is there. */
export async function answered(page: Page): Promise<string | null> {
  await page.locator(".entry").first().locator(".answer.best").waitFor();
  return page.locator(".answer.best .text").first().textContent();
}

/** What of this visit is there in the next one, once it is kept. */
interface Kept {
  /** The document's name. */
  readonly document?: string;
  /** Questions that have an answer. */
  readonly answers?: number;
  /** What became of all questions, the newest first. */
  readonly states?: readonly string[];
  /** Models on this machine, copies and folders. */
  readonly models?: number;
}

/** Waits until the page has kept that much for the next visit: it does so by the way, and says nothing of it. */
export async function keptForNextVisit(page: Page, wanted: Kept): Promise<void> {
  const kept = (): Promise<Kept> =>
    page.evaluate(async () => {
      const result = async <Result>(request: IDBRequest<Result>): Promise<Result> =>
        new Promise((resolve, reject) => {
          request.addEventListener("success", () => resolve(request.result));
          request.addEventListener("error", () => reject(request.error ?? new Error("no database")));
        });
      const database = await result(indexedDB.open("longspan"));
      try {
        const stores = database.transaction(["visit", "models"]);
        const visit = (await result(stores.objectStore("visit").get("last"))) as { document?: { name: string } } | undefined;
        const conversations = (await result(stores.objectStore("visit").get("conversations"))) as
          | readonly (readonly [string, readonly { state: string }[]])[]
          | undefined;
        const models = await result(stores.objectStore("models").count());
        const states = (conversations ?? []).flatMap(([, entries]) => entries.map(({ state }) => state));
        return { document: visit?.document?.name ?? "", answers: states.filter((state) => state === "answered").length, states, models };
      } finally {
        database.close();
      }
    });
  await expect.poll(kept).toMatchObject(wanted);
}

/** Waits until the page works offline: what WebAssembly needs is the last that is kept. */
export async function keptForOffline(page: Page): Promise<void> {
  const isKept = (): Promise<boolean> =>
    page.evaluate(
      async () =>
        (await caches.match("ort/ort-wasm-simd-threaded.wasm", { ignoreSearch: true })) !== undefined &&
        navigator.serviceWorker.controller !== null,
    );
  await expect.poll(isKept).toBe(true);
}

/**
 * Ends the worker as a browser does that lacks memory. One that has only just been started is waited for: the page learns of its end by a lock that it waits for,
 * and what is called opening a model begins before there is a worker.
 */
export async function endWorker(page: Page): Promise<void> {
  const isWatched = (): Promise<boolean> =>
    page.evaluate(async () => {
      const { held = [], pending = [] } = await navigator.locks.query();
      return pending.some(({ name }) => name?.startsWith("longspan-worker-") === true && held.some((other) => other.name === name));
    });
  await expect.poll(isWatched).toBe(true);
  // onnxruntime's workers are the page's, too; the page's own is started from a blob.
  const own = (): Worker | undefined => page.workers().findLast((worker) => worker.url().startsWith("blob:"));
  await expect.poll(own).toBeDefined();
  const worker = own() as Worker;
  // Its end may be there before its answer, or instead of it.
  void worker.evaluate(() => self.close()).catch(() => undefined);
  await expect.poll(() => page.workers().includes(worker)).toBe(false);
}
