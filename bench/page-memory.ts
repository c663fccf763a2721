// `npm run bench:page-memory`: what the page's JavaScript takes of memory while it loads a model of the published size (592 MB of generated weights) from disk,
// looks inside it and converts it. Peaks of `performance.measureUserAgentSpecificMemory()`, page and worker together, while it works; held to 150 MiB.
// WebAssembly's own memory, where the weights go, is told apart: what threads share is counted by the browser among JavaScript's objects, once for each buffer that a
// program has looked at, so it is taken off. Options: --runtime wasm|webgpu (default wasm).
import { copyFile, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright";
import { torch } from "@longspan/adapter-torch";
import { createConverter } from "@longspan/core";
import { publishedConfigs } from "@longspan/core/adapter";
import { directorySink } from "@longspan/core/node";
import { findChromium } from "../scripts/find-graphics.mjs";
import { exampleModel, launchChromium, openPage, openSection, serveBuiltPage } from "../tests/page/open-page.ts";
import { generatedCheckpoint } from "./generated-checkpoint.ts";

const mebibyte = 2 ** 20;
const { values: options } = parseArgs({ options: { runtime: { type: "string", default: "wasm" } } });
process.env.CHROMIUM ??= findChromium();

const folder = await mkdtemp(join(tmpdir(), "longspan-page-"));
const server = await serveBuiltPage();
const browser = await launchChromium(["--enable-unsafe-webgpu", "--enable-blink-features=ForceEagerMeasureMemory"]);
try {
  const converter = createConverter({ adapters: [torch()] });
  const generated = generatedCheckpoint(publishedConfigs["longformer-base-4096"] ?? {}, "question-answering");
  await converter.convert(converter.plan(generated, { target: "hf" }), { sink: await directorySink(folder, { force: true }) });
  for (const file of await readdir(exampleModel))
    if (/token|vocab|merges/.test(file)) await copyFile(join(exampleModel, file), join(folder, file));
  const { size } = await stat(join(folder, "model.safetensors"));

  const { page } = await openPage(browser, server.url);
  page.setDefaultTimeout(240_000);
  page.on("crash", () => console.error("the page has crashed"));
  await page
    .locator("[data-purpose=document]")
    .setInputFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("The code is 12345.") });
  await page.locator("[data-purpose=folder]").setInputFiles(folder);
  await page.getByText("How it runs").click();
  await page.locator(".run option[value=webgpu]").waitFor({ state: "attached" });
  await page.getByLabel("Runs on").selectOption(options.runtime);
  const wasmBytes = await countWasm(page);
  await page.getByRole("textbox", { name: "Your question" }).fill("What is the code?");
  await page.keyboard.press("Enter");
  const peaks = [await peakUntil(page, wasmBytes, "an answer", ".answer.best, .entry .problem")];
  const entry = (await page.locator(".entry").first().textContent()) ?? "";
  if (!entry.includes("Confidence")) throw new Error(`no answer: ${entry}`);

  await openSection(page, "Convert");
  await page.locator("[data-purpose=folder]").setInputFiles(folder);
  await page.getByLabel("Format").selectOption("paddle");
  await page.getByRole("button", { name: "Save as a download" }).click();
  peaks.push(await peakUntil(page, wasmBytes, "a conversion to Paddle", "#done-heading"));

  for (const { what, bytes, samples, wasm } of peaks) {
    const held = bytes < 150 * mebibyte;
    console.log(
      `${what}: ${Math.round(bytes / mebibyte)} MiB of JavaScript at most (${samples} samples) beside ${Math.round(wasm / mebibyte)} MiB of WebAssembly, of ${Math.round(size / 1e6)} MB of weights: ratio ${(bytes / size).toFixed(3)}${held ? "" : " – above 150 MiB"}`,
    );
    if (!held) process.exitCode = 1;
  }
} finally {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true });
}

/** Tells how much memory WebAssembly has in the page's worker, from now on. */
async function countWasm(page: Page): Promise<() => Promise<number>> {
  const [worker] = page.workers();
  if (worker === undefined) throw new Error("there is no worker yet");
  await worker.evaluate(() => {
    const made: WebAssembly.Memory[] = [];
    WebAssembly.Memory = class extends WebAssembly.Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        made.push(this);
      }
    };
    Object.assign(globalThis, { wasmBytes: () => made.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) });
  });
  return () => worker.evaluate(() => (Reflect.get(globalThis, "wasmBytes") as () => number)());
}

interface Peak {
  readonly what: string;
  readonly bytes: number;
  readonly samples: number;
  readonly wasm: number;
}

/** Measures again and again until `selector` is there. Samples while WebAssembly's memory grows say nothing, and are left out. */
async function peakUntil(page: Page, wasmBytes: () => Promise<number>, what: string, selector: string): Promise<Peak> {
  let [bytes, samples] = [0, 0];
  for (;;) {
    const before = await wasmBytes();
    const all = await heapBytes(page);
    const wasm = await wasmBytes();
    if (before === wasm) {
      bytes = Math.max(bytes, all - wasm);
      samples++;
    }
    if ((await page.locator(selector).count()) > 0) return { what, bytes, samples, wasm };
  }
}

/** Objects and buffers of JavaScript, in the page and its workers. */
async function heapBytes(page: Page): Promise<number> {
  return page.evaluate(async () => {
    interface Part {
      readonly bytes: number;
      readonly types: readonly string[];
    }
    const measure = Reflect.get(performance, "measureUserAgentSpecificMemory") as () => Promise<{ readonly breakdown: readonly Part[] }>;
    const { breakdown } = await measure.call(performance);
    return breakdown.filter(({ types }) => types.includes("JavaScript")).reduce((sum, part) => sum + part.bytes, 0);
  });
}
