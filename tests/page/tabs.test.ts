// Several tabs of one browser, which share what it keeps of the page; and tabs of two versions of the page.
import { cpSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { servePage } from "longspan";
import { exampleModel, openPage, pageFolder } from "./open-page.ts";
import { useBuiltPage } from "./use-built-page.ts";

const built = useBuiltPage();

const checkpoint = [`${exampleModel}longformer-qa.ckpt`, `${exampleModel}config.json`];

/** What lies in a folder of the browser's private file system. */
function namesIn(page: Page, folder: string): Promise<readonly string[]> {
  return page.evaluate(async (name) => {
    const names: string[] = [];
    const storage = await navigator.storage.getDirectory();
    for await (const found of (await storage.getDirectoryHandle(name, { create: true })).keys()) names.push(found);
    return names.toSorted();
  }, folder);
}

async function convert(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save as a download" }).click();
  await page.getByRole("heading", { name: "Saved" }).waitFor();
}

test("a conversion leaves alone what another tab still has for a download; what tabs that ended left is deleted", async () => {
  const { page: one, complaints, context } = await openPage(built.browser, `${built.server.url}#convert`, { serviceWorkers: "block" });
  await one.locator("[data-purpose=files]").setInputFiles(checkpoint);
  // Held before it begins: while it converts, nothing else can be chosen for it.
  await one.evaluate(() => {
    const { request } = LockManager.prototype;
    const gate = Promise.withResolvers<void>();
    Object.assign(globalThis, { openGate: gate.resolve });
    LockManager.prototype.request = async function wait(this: LockManager, ...given: Parameters<typeof request>): Promise<unknown> {
      await gate.promise;
      return Reflect.apply(request, this, given);
    } as typeof request;
  });
  await one.getByRole("button", { name: "Save as a download" }).click();
  await one.locator(".convert progress").waitFor();
  expect(await one.locator(".choices select:disabled").count()).toBe(2);
  await one.evaluate(() => (Reflect.get(globalThis, "openGate") as () => void)());
  await one.getByRole("heading", { name: "Saved" }).waitFor();
  expect(await one.locator(".choices select:enabled").count()).toBe(2);
  // A copy that was begun by a tab that is no more.
  await one.evaluate(async () => {
    const models = await (await navigator.storage.getDirectory()).getDirectoryHandle("models", { create: true });
    await models.getDirectoryHandle("copy-begun", { create: true });
  });
  const other = await context.newPage();
  await other.goto(`${built.server.url}#convert`);
  await other.locator("[data-purpose=files]").setInputFiles(checkpoint);
  await convert(other);
  await expect.poll(() => namesIn(other, "models")).toEqual([]);
  expect(await namesIn(other, "downloads")).toEqual(["download-1", "download-2"]);
  const [download] = await Promise.all([one.waitForEvent("download"), one.getByRole("button", { name: /^Download/ }).click()]);
  expect(readFileSync(await download.path()).length).toBeGreaterThan(2_000_000);
  await one.close();
  // The browser lets go of what a tab held a moment after it has ended.
  const held = (): Promise<number> =>
    other.evaluate(async () => (await navigator.locks.query()).held?.filter(({ name }) => name?.includes("downloads/")).length ?? 0);
  await expect.poll(held).toBe(1);
  await convert(other);
  await expect.poll(() => namesIn(other, "downloads")).toHaveLength(1);
  expect(complaints).toEqual([]);
  await context.close();
});

test("a tab keeps the parts of its version when the server has a newer one; with the last such tab they go", async () => {
  const folder = mkdtempSync(join(tmpdir(), "longspan-versions-"));
  cpSync(pageFolder, folder, { recursive: true });
  const server = await servePage({ folder, port: 0, connect: [] });
  try {
    const { page, context } = await openPage(built.browser, `${server.url}#look`);
    await page.locator("[data-purpose=files]").setInputFiles(checkpoint);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const [before] = await page.evaluate(() => caches.keys());

    const part = readdirSync(join(folder, "assets")).find((name) => /^pdf.*\.js$/.test(name)) ?? "";
    expect(part).not.toBe("");
    renameSync(join(folder, "assets", part), join(folder, "assets", `newer-${part}`));
    const worker = join(folder, "service-worker.js");
    const code = readFileSync(worker, "utf8").replaceAll(part, `newer-${part}`);
    writeFileSync(worker, code.replace(/const pageVersion = "\w+"/, 'const pageVersion = "newer"'));
    const arrives = context.waitForEvent("serviceworker");
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
    const waits = (): Promise<boolean> =>
      page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting?.state === "installed");
    await expect.poll(waits).toBe(true);
    expect((await fetch(`${server.url}assets/${part}`)).status).toBe(404);
    expect(await page.evaluate(async (name) => (await fetch(`assets/${name}`)).status, part)).toBe(200);

    // The newer version's worker is asked: a tab would be of the older one again.
    const newer = await arrives;
    const cacheNames = async (): Promise<readonly string[]> => newer.evaluate(() => caches.keys());
    expect(await cacheNames()).toEqual(expect.arrayContaining([before, "longspan-page-newer"]));
    await page.close();
    await expect.poll(cacheNames).toEqual(["longspan-page-newer"]);
    await context.close();
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});
