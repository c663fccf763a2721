import { readFileSync } from "node:fs";
import type { Page, Worker } from "playwright";
import { expect, test } from "vitest";
import { answer, answered, ask, endWorker, note, useDocument, useShortDocument } from "./asking.ts";
import { exampleModel, launchChromium, openPage, openSection, takePicture } from "./open-page.ts";
import { useBuiltPage } from "./use-built-page.ts";

const built = useBuiltPage();

/** Counts the buffers that the worker has on the GPU, from now on. */
async function countBuffers(page: Page): Promise<() => Promise<number>> {
  const worker = page.workers()[0];
  if (worker === undefined) throw new Error("there is no worker yet");
  await worker.evaluate(() => {
    const alive = new Map<GPUBuffer, GPUDevice>();
    const { createBuffer, destroy: destroyDevice } = GPUDevice.prototype;
    const { destroy } = GPUBuffer.prototype;
    GPUDevice.prototype.createBuffer = function create(this: GPUDevice, descriptor): GPUBuffer {
      const buffer = createBuffer.call(this, descriptor);
      alive.set(buffer, this);
      return buffer;
    };
    GPUBuffer.prototype.destroy = function forget(this: GPUBuffer): undefined {
      alive.delete(this);
      return destroy.call(this);
    };
    GPUDevice.prototype.destroy = function forgetAll(this: GPUDevice): undefined {
      for (const [buffer, device] of alive) if (device === this) alive.delete(buffer);
      return destroyDevice.call(this);
    };
    Object.assign(globalThis, { aliveBuffers: () => alive.size });
  });
  return () => worker.evaluate(() => (Reflect.get(globalThis, "aliveBuffers") as () => number)());
}

/** Lets a call that is cancelled take as long as a slow machine needs: else the page replaces a worker that goes on for 4 seconds. */
async function waitPatiently(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { setTimeout: wait } = globalThis;
    const patient = (step: () => void, milliseconds: number): unknown => wait(step, milliseconds === 4000 ? 600_000 : milliseconds);
    Object.assign(globalThis, { setTimeout: patient });
  });
}

/** Holds what is read back from the GPU until the gate is opened: so long a run goes on. */
async function holdReading(page: Page): Promise<() => Promise<void>> {
  const worker = page.workers()[0] as Worker;
  await worker.evaluate(() => {
    const { mapAsync } = GPUBuffer.prototype;
    const gate = Promise.withResolvers<void>();
    Object.assign(globalThis, { openGate: gate.resolve });
    GPUBuffer.prototype.mapAsync = async function hold(this: GPUBuffer, ...given): Promise<undefined> {
      await gate.promise;
      return mapAsync.apply(this, given);
    };
  });
  return () => worker.evaluate(() => (Reflect.get(globalThis, "openGate") as () => void)());
}

async function chooseExampleOn(page: Page, runtime: string): Promise<void> {
  await page.getByRole("button", { name: "Example model (2 MB)" }).click();
  await page.getByText("How it runs").click();
  await page.locator(".run option[value=webgpu]").waitFor({ state: "attached" });
  await page.getByLabel("Runs on").selectOption(runtime);
}

test("cancelled while it is loaded, a model leaves nothing on the GPU; cancelled while it runs, no more than a run that ends; freed, nothing", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  await useShortDocument(page);
  await waitPatiently(page);
  await chooseExampleOn(page, "webgpu");
  const buffers = await countBuffers(page);

  // The weights come slowly: the model is cancelled while they are read.
  let held: (() => void) | undefined;
  const arrived = new Promise<void>((resolve) => {
    void page.route("**/example/longformer-qa.ckpt", async (route) => {
      const range = route.request().headers()["range"] ?? "";
      if (!/bytes=0-/.test(range) && held === undefined) {
        await new Promise<void>((go) => {
          held = go;
          resolve();
        });
      }
      await route.continue().catch(() => undefined);
    });
  });
  await ask(page);
  await arrived;
  await page.getByRole("button", { name: "Cancel" }).click();
  held?.();
  await page.getByText("Cancelled.").first().waitFor();
  await expect.poll(buffers).toBe(0);
  await page.unroute("**/example/longformer-qa.ckpt");

  await page.getByRole("button", { name: "Ask again" }).click();
  await page.locator(".answer.best").waitFor();
  expect(await page.locator(".answer.best .text").textContent()).toBe("89944");
  await expect.poll(() => page.locator(".run").textContent()).toContain("GPU (WebGPU)");
  expect(await buffers()).toBeGreaterThan(0);

  await page.getByRole("button", { name: "Change" }).first().click();
  await page.locator("[data-purpose=document]").setInputFiles(`${exampleModel}document.txt`);
  await page.getByRole("heading", { name: "document.txt" }).waitFor();
  // The model keeps what it computes in, and its plan for this length, as after a run that ends: a second one that is cancelled leaves no more.
  let left: number | undefined;
  for (let run = 0; run < 2; run++) {
    const openGate = await holdReading(page);
    await ask(page);
    const entry = page.locator(".entry").first();
    await entry.getByText("Reading the document").waitFor();
    await entry.getByRole("button", { name: "Cancel" }).click();
    await openGate();
    await entry.getByText("Cancelled.").waitFor();
    left ??= await buffers();
    await expect.poll(buffers).toBe(left);
  }
  await page.getByRole("button", { name: "Free its memory" }).click();
  await expect.poll(buffers).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});

test("a question that is cancelled while it is read ends, and the one behind it is answered", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  await useShortDocument(page);
  // Plain JavaScript cannot be interrupted while it computes: the worker goes, and another takes the next question.
  await chooseExampleOn(page, "reference");
  await (page.workers()[0] as Worker).evaluate(() => {
    // As of a document whose reading takes for ever.
    const { postMessage } = self;
    self.postMessage = (message: { readonly progress?: { readonly stage: string } }): void => {
      postMessage.call(self, message);
      while (message.progress?.stage === "answer");
    };
  });
  await ask(page);
  await page.locator(".entry").getByText("Reading the document").waitFor();
  await ask(page, "Which code opens the Geneva station?");
  await page.locator(".entry").nth(1).getByRole("button", { name: "Cancel" }).click();
  await page.locator(".entry").nth(1).getByText("Cancelled.").waitFor();
  expect(await answered(page)).toBe(answer);
  expect(complaints).toEqual([]);
  await context.close();
});

test("a worker that is gone is told in a sentence; document and questions are kept, and asking again works", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  await useShortDocument(page);
  await page.getByRole("button", { name: "Example model (2 MB)" }).click();
  await page.route("**/example/longformer-qa.ckpt", () => undefined);
  await ask(page);
  await page.getByText("Opening the model").first().waitFor();
  await endWorker(page);
  await page.locator(".problem").waitFor();
  expect(await page.locator(".problem").textContent()).toContain("Your document and questions are still here");
  await takePicture(page, "worker-gone");
  expect(await page.locator(".document .text").textContent()).toContain("89944");
  await page.unroute("**/example/longformer-qa.ckpt");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator(".answer.best").waitFor();
  expect(await page.locator(".answer.best .text").textContent()).toBe("89944");
  expect(complaints).toEqual([]);
  await context.close();
});

test("a model that cannot answer, one without its tokenizer and a document that is none are told as such", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  const documents = page.locator("[data-purpose=document]");
  await documents.setInputFiles({
    name: "picture.png",
    mimeType: "image/png",
    buffer: Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
  });
  await page.locator(".document .problem").waitFor();
  expect(await page.locator(".document .problem").textContent()).toContain("picture.png");
  await documents.setInputFiles({ name: "empty.txt", mimeType: "text/plain", buffer: Buffer.from(" \n") });
  await expect.poll(() => page.locator(".document .problem").textContent()).toContain("no text");
  await useShortDocument(page);
  const ckpt = readFileSync(`${exampleModel}longformer-qa.ckpt`);
  const alone = { name: "longformer-qa.ckpt", mimeType: "application/octet-stream", buffer: ckpt };
  const config = { name: "config.json", mimeType: "application/json", buffer: readFileSync(`${exampleModel}config.json`) };
  await page.locator("[data-purpose=files]").setInputFiles([alone, config]);
  await ask(page);
  await page.locator(".entry .problem").waitFor();
  expect(await page.locator(".entry .problem").textContent()).toContain("tokenizer's files");
  expect(complaints).toEqual([]);
  await context.close();
});

test("without WebGPU the page says so, and answers on WebAssembly", async () => {
  const without = await launchChromium(["--disable-features=WebGPU"]);
  try {
    const { page, complaints } = await openPage(without, built.server.url, { serviceWorkers: "block" });
    await useShortDocument(page);
    await page.getByRole("button", { name: "Example model (2 MB)" }).click();
    await ask(page);
    await page.locator(".answer.best").waitFor();
    expect(await page.locator(".answer.best .text").textContent()).toBe("89944");
    await page.getByText("How it runs").click();
    expect(await page.locator(".reasons").textContent()).toMatch(/No GPU was found|has no WebGPU/);
    expect(await page.locator(".run option[value=webgpu]").isDisabled()).toBe(true);
    expect(complaints).toEqual([]);
  } finally {
    await without.close();
  }
});

test("a GPU that is lost while it computes is told in a sentence, and opened anew for the next try; half precision is half the memory", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  // Long enough to be lost in its middle.
  await useDocument(page, "notes.txt", note.repeat(8));
  await chooseExampleOn(page, "webgpu");
  await page.workers()[0]?.evaluate(() => {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function request(this: GPUAdapter, ...given): Promise<GPUDevice> {
      const device = await requestDevice.apply(this, given);
      Object.assign(globalThis, { loseDevice: () => device.destroy() });
      return device;
    };
    // The first commands of a run are on their way, and the device is gone.
    const { submit } = GPUQueue.prototype;
    let submits = 0;
    GPUQueue.prototype.submit = function lose(this: GPUQueue, buffers): undefined {
      submit.call(this, buffers);
      if (++submits === 1) (Reflect.get(globalThis, "loseDevice") as () => void)();
      return undefined;
    };
  });
  await ask(page);
  await page.locator(".problem").waitFor();
  expect(await page.locator(".problem").textContent()).toContain("The GPU was lost");
  await page.getByRole("button", { name: "Try again" }).click();
  expect(await answered(page)).toBe(answer);
  const held = async (): Promise<string> => (await page.locator(".run .stages").textContent()) ?? "";
  await expect.poll(held).toContain("2.1 MB of weights");

  await page.getByLabel("Half precision (float16): half the memory").check();
  await ask(page, "Which code opens the Geneva station?");
  expect(await answered(page)).toBe(answer);
  await expect.poll(held).toMatch(/[^.]1 MB of weights/);
  await expect.poll(() => page.locator(".run").textContent()).toContain("GPU (WebGPU)");
  expect(complaints).toEqual([]);
  await context.close();
});

test("where there is no room, a copy and a conversion are refused, and nothing of them is left", async () => {
  const { page, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(built.server.url).origin, quotaSize: 500_000 });
  await page.locator("[data-purpose=folder]").setInputFiles(exampleModel);
  await page.getByRole("button", { name: "Keep a copy for next time" }).click();
  await page.locator(".model .problem").waitFor();
  expect(await page.locator(".model .problem").textContent()).toContain("There is no room left");
  await page.locator(".model").getByRole("button", { name: "Change" }).click();
  expect(await page.locator(".kept").count()).toBe(0);

  await openSection(page, "Convert");
  await page.locator("[data-purpose=folder]").setInputFiles(exampleModel);
  await page.getByRole("button", { name: "Save as a download" }).click();
  await page.locator(".convert .problem").waitFor();
  expect(await page.locator(".convert .problem").textContent()).toContain("There is no room left");
  const left = (): Promise<readonly string[]> =>
    page.evaluate(async () => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("downloads");
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names;
    });
  await expect.poll(left).toEqual([]);
  await context.close();
});

test("where the browser keeps nothing of sites, the page opens all the same; what cannot be fetched, read or dropped is told, and what was typed stays", async () => {
  const { page, complaints, context } = await openPage(built.browser, "about:blank", { serviceWorkers: "block" });
  await context.addInitScript(() => {
    Object.defineProperty(globalThis, "localStorage", {
      get() {
        throw new DOMException("Access is denied for this document.", "SecurityError");
      },
    });
  });
  await page.route("**/example/document.txt", (route) =>
    route.fulfill({ status: 404, contentType: "text/html", body: "<h1>Not here</h1>" }),
  );
  await page.route("**/assets/work-*.js", (route) => route.abort("blockedbyclient"));
  // A name that every object has is no view.
  await page.goto(`${built.server.url}#constructor`);
  await page.getByLabel("Settings").click();
  await page.getByLabel("Theme").selectOption("dark");
  await expect.poll(() => page.locator("html").getAttribute("data-theme")).toBe("dark");
  await page.keyboard.press("Escape");

  const problem = page.locator(".document .problem");
  await page.getByRole("button", { name: "Try the example" }).click();
  await problem.waitFor();
  expect(await problem.textContent()).toContain("The example is not served with this page");
  expect(await page.locator(".document .text").count()).toBe(0);

  // The worker's code does not come.
  await page.getByText("Paste text").click();
  await page.getByLabel("The document's text").fill(note);
  await page.getByRole("button", { name: "Use this text" }).click();
  await expect.poll(() => problem.textContent()).toContain("has ended");
  expect(await page.getByLabel("The document's text").inputValue()).toBe(note);
  await page.unroute("**/assets/work-*.js");
  await page.getByRole("button", { name: "Use this text" }).click();
  await page.locator(".document .text").waitFor();
  await page.getByLabel("The document's text").waitFor({ state: "detached" });

  await openSection(page, "Convert");
  await page.evaluate(() => {
    // What a file manager's entry does whose file is gone when it is read.
    const gone = {
      isFile: true,
      name: "gone.txt",
      file: (_: unknown, refuse: (error: unknown) => void) => refuse(new DOMException("gone.txt is gone.")),
    };
    DataTransferItem.prototype.webkitGetAsEntry = () => gone as unknown as FileSystemEntry;
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["text"], "gone.txt"));
    document.querySelector(".page")?.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  });
  await page.getByText("What was dropped cannot be read").waitFor();
  expect(await page.getByRole("alert").textContent()).toContain("gone.txt is gone.");
  expect(complaints.filter((complaint) => !/Failed to load resource/.test(complaint))).toEqual([]);
  await context.close();
});
