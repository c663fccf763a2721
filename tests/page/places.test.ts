import { cpSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright";
import { afterAll, expect, test } from "vitest";
import { hubServer } from "@longspan/hub-server";
import { answer, answered, ask, keptForNextVisit, keptForOffline, note, useShortDocument } from "./asking.ts";
import { exampleModel, openPage } from "./open-page.ts";
import { useBuiltPage } from "./use-built-page.ts";

const built = useBuiltPage();
const documents = fileURLToPath(new URL("../../fixtures/documents/", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "longspan-page-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of the example's model that a test may change. */
function copiedModel(name: string): string {
  const copy = join(folder, name);
  cpSync(exampleModel, copy, { recursive: true });
  return copy;
}

/** Drops files and folders of the disk onto the page, as a file manager does (Chrome DevTools Protocol, Input.dispatchDragEvent). */
async function drop(page: Page, ...files: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", {
      type: type as "drop",
      x: 300,
      y: 300,
      data: { items: [], files: [...files], dragOperationsMask: 1 },
    });
  }
  await session.detach();
}

test("a model by its name on the Hub is downloaded once, and is there without a network", async () => {
  const files = new Map(
    await Promise.all(
      (await readdir(exampleModel)).map(async (name): Promise<[string, Uint8Array]> => [name, await readFile(join(exampleModel, name))]),
    ),
  );
  const hub = await hubServer({ "somebody/answers": { commit: "0123456789abcdef0123456789abcdef01234567", files } });
  try {
    const { page, complaints, context } = await openPage(built.browser, built.server.url);
    let down = true;
    await context.route("https://huggingface.co/**", async (route) => {
      const request = route.request();
      const { pathname, search } = new URL(request.url());
      if (down) return route.abort("failed");
      const range = request.headers()["range"];
      const response = await fetch(`${hub.endpoint}${pathname}${search}`, {
        method: request.method(),
        ...(range === undefined ? {} : { headers: { range } }),
      });
      const headers = { "access-control-allow-origin": "*", "access-control-expose-headers": "*", "access-control-allow-headers": "*" };
      return route.fulfill({
        status: response.status,
        headers: { ...Object.fromEntries(response.headers), ...headers },
        body: Buffer.from(await response.arrayBuffer()),
      });
    });
    await useShortDocument(page);
    await page.getByText("From the Hugging Face Hub").click();
    await page.getByLabel("Name on the Hub, owner/name").fill("somebody/nothing");
    await page.keyboard.press("Enter");
    await page.locator(".model .chosen", { hasText: "somebody/nothing" }).waitFor();
    await ask(page);
    await page.locator(".entry .problem").waitFor();
    expect(await page.locator(".entry .problem").textContent()).toContain("The network did not answer");
    expect(await page.locator(".entry .problem").textContent()).not.toContain("HF_HUB_OFFLINE");
    down = false;
    await page.locator(".entry").getByRole("button", { name: "Try again" }).click();
    await page.locator(".entry").getByText("The Hub has no model of this name").waitFor();
    expect(await page.locator(".entry .problem").textContent()).toContain("somebody/nothing");
    await page.locator(".model").getByRole("button", { name: "Change" }).click();
    await page.getByText("From the Hugging Face Hub").click();
    await page.getByLabel("Name on the Hub, owner/name").fill("somebody/answers");
    await page.keyboard.press("Enter");
    await page.locator(".model .chosen", { hasText: "somebody/answers" }).waitFor();
    await ask(page);
    expect(await answered(page)).toBe(answer);
    // What does not belong to the model that is opened is not fetched.
    const fetched = hub.requests.filter((request) => request.includes("/store/"));
    expect(fetched.some((request) => request.includes("longformer-qa.ckpt"))).toBe(true);
    expect(fetched.some((request) => request.includes("document.txt"))).toBe(false);

    const asked = hub.requests.length;
    await keptForNextVisit(page, { document: "note.txt", answers: 1 });
    await keptForOffline(page);
    await context.setOffline(true);
    await page.reload();
    await page.locator(".answer.best").waitFor();
    await ask(page, "Which code opens the Geneva station?");
    expect(await answered(page)).toBe(answer);
    expect(hub.requests.length).toBe(asked);
    await page.locator(".model").getByRole("button", { name: "Change" }).click();
    await page.getByRole("button", { name: "Delete Downloads from the Hub" }).click();
    await page.getByText("Downloads from the Hub").waitFor({ state: "detached" });
    await expect.poll(() => page.evaluate(() => caches.has("longspan-hub"))).toBe(false);
    await page.getByText("From the Hugging Face Hub").click();
    await page.getByLabel("Name on the Hub, owner/name").fill("somebody/more");
    await page.keyboard.press("Enter");
    await ask(page);
    await page.locator(".entry").getByText("This model has not been downloaded yet, and there is no network.").waitFor();
    expect(await page.locator(".entry .problem").textContent()).not.toContain("HF_HUB_OFFLINE");
    expect(complaints.filter((complaint) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED|404|401/.test(complaint))).toEqual([]);
    await context.close();
  } finally {
    await hub.close();
  }
});

test("text, PDF, .docx and a model's folder are taken as they are dropped; answers have their page, paragraph or line", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  await drop(page, copiedModel("dropped-model"));
  await page.locator(".model .chosen", { hasText: "dropped-model" }).waitFor();
  const text = join(folder, "note.txt");
  writeFileSync(text, `First line.\n\n${note}`);
  await drop(page, text);
  await page.getByRole("heading", { name: "note.txt" }).waitFor();
  await ask(page);
  expect(await answered(page)).toContain(answer);
  expect(await page.locator(".entry .facts").textContent()).toContain("line 3");

  // Which page a word stands on, poppler says.
  const pages: readonly (readonly string[])[] = JSON.parse(readFileSync(`${documents}lease.pdf.words.json`, "utf8"));
  await drop(page, `${documents}lease.pdf`);
  await page.getByRole("heading", { name: "lease.pdf" }).waitFor();
  await ask(page, "What is the rent a month?");
  const found = ((await answered(page)) ?? "").split(/\s+/);
  const place = (await page.locator(".entry .facts").first().textContent()) ?? "";
  const on = Number(/page (\d+), line \d+/.exec(place)?.[1]);
  expect(pages[on - 1]).toEqual(expect.arrayContaining(found));
  expect(pages.filter((words) => found.every((word) => words.includes(word)))).toHaveLength(1);

  await drop(page, `${documents}lease.docx`);
  await page.getByRole("heading", { name: "lease.docx" }).waitFor();
  await ask(page, "What is the rent a month?");
  await answered(page);
  expect(await page.locator(".entry .facts").first().textContent()).toMatch(/paragraph \d+/);
  expect(complaints).toEqual([]);
  await context.close();
});

test("a model's file that is changed after it was chosen is told in a sentence; chosen again, it answers", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  const model = copiedModel("changed-model");
  await useShortDocument(page);
  await page.locator("[data-purpose=folder]").setInputFiles(model);
  await page.locator(".model .chosen", { hasText: "changed-model" }).waitFor();
  const ckpt = join(model, "longformer-qa.ckpt");
  utimesSync(ckpt, new Date(), new Date(Date.now() + 5000));
  await ask(page);
  await page.locator(".entry .problem").waitFor();
  expect(await page.locator(".entry .problem").textContent()).toContain("A file was changed, moved or removed");
  expect(await page.locator(".document .text").textContent()).toContain(answer);
  await page.locator(".model").getByRole("button", { name: "Change" }).click();
  await page.locator("[data-purpose=folder]").setInputFiles(model);
  await page.getByRole("button", { name: "Try again" }).click();
  expect(await answered(page)).toBe(answer);
  expect(complaints).toEqual([]);
  await context.close();
});

test("a folder that was chosen is asked for again in the next visit, and answers without being chosen anew", async () => {
  const { page, complaints, context } = await openPage(built.browser, "about:blank", { serviceWorkers: "block" });
  // What the chooser gives, and what the reader says when the browser asks again; Chromium without a window has neither.
  await context.addInitScript(() => {
    const state = { asked: 0, answer: "granted" };
    Object.assign(globalThis, {
      permission: state,
      showDirectoryPicker: async () => (await navigator.storage.getDirectory()).getDirectoryHandle("my-model", { create: true }),
    });
    Object.assign(FileSystemHandle.prototype, {
      requestPermission: async () => {
        state.asked++;
        return state.answer;
      },
    });
  });
  await page.goto(built.server.url);
  const files = await Promise.all(
    (await readdir(exampleModel)).map(async (name) => ({ name, content: (await readFile(join(exampleModel, name))).toString("base64") })),
  );
  await page.evaluate(async (given) => {
    const target = await (await navigator.storage.getDirectory()).getDirectoryHandle("my-model", { create: true });
    for (const { name, content } of given) {
      const file = await (await target.getFileHandle(name, { create: true })).createWritable();
      await file.write(Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0)));
      await file.close();
    }
  }, files);
  await useShortDocument(page);
  await page.getByRole("button", { name: "Choose a folder" }).click();
  await page.locator(".model .chosen", { hasText: "my-model" }).waitFor();
  await ask(page);
  expect(await answered(page)).toBe(answer);
  await keptForNextVisit(page, { document: "note.txt", answers: 1, models: 1 });

  const asked = (): Promise<number> => page.evaluate(() => (Reflect.get(globalThis, "permission") as { asked: number }).asked);
  const reader = (says: string): Promise<void> =>
    page.evaluate((word) => void Object.assign(Reflect.get(globalThis, "permission") as object, { answer: word }), says);
  await page.reload();
  await page.locator(".model .chosen", { hasText: "my-model" }).waitFor();
  await page.locator(".answer.best").waitFor();
  await reader("denied");
  await ask(page, "Which code opens the Geneva station?");
  await page.locator(".entry .problem").waitFor();
  expect(await page.locator(".entry .problem").textContent()).toContain("The browser asks before it opens this folder again");
  expect(await asked()).toBe(1);
  await reader("granted");
  await page.getByRole("button", { name: "Try again" }).click();
  expect(await answered(page)).toBe(answer);
  expect(await asked()).toBe(2);
  // Among what is on this machine already, where it can be forgotten.
  await page.locator(".model").getByRole("button", { name: "Change" }).click();
  await page.getByText("a folder of yours").waitFor();
  await page.getByRole("button", { name: "Delete my-model" }).click();
  await page.getByText("a folder of yours").waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
  await context.close();
});
