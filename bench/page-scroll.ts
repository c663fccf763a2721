// `npm run bench:page-scroll`: how long the page's main thread is held at most while a document of 60,000 words is opened and scrolled through; of each task the
// time that the processor spent on it. Held to a tenth of a second, from which on people notice (RAIL).
import { findChromium } from "../scripts/find-graphics.mjs";
import { longDocument, scrollThrough } from "../tests/page/long-document.ts";
import { launchChromium, openPage, serveBuiltPage } from "../tests/page/open-page.ts";

const limit = 100;
process.env.CHROMIUM ??= findChromium();

const server = await serveBuiltPage();
const browser = await launchChromium();
try {
  const { page } = await openPage(browser, server.url, { serviceWorkers: "block" });
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  const buffer = Buffer.from(longDocument().text);
  await page.locator("[data-purpose=document]").setInputFiles({ name: "long.txt", mimeType: "text/plain", buffer });
  await page.locator(".document .text").waitFor();
  await scrollThrough(page);
  const tasks = mainThreadTasks(await browser.stopTracing());
  if (tasks.length === 0) throw new Error("the trace has no tasks");
  const longest = Math.max(...tasks);
  const held = longest <= limit;
  console.log(
    `${tasks.length} tasks, the longest of ${longest.toFixed(0)} ms: ratio ${(longest / limit).toFixed(2)} to ${limit} ms${held ? "" : " – above it"}`,
  );
  if (!held) process.exitCode = 1;
} finally {
  await browser.close();
  await server.close();
}

/** Milliseconds of each task of the page's main thread, as the processor counts them. */
function mainThreadTasks(trace: Buffer): readonly number[] {
  interface TraceEvent {
    readonly name: string;
    readonly pid: number;
    readonly tid: number;
    readonly tdur?: number;
    readonly args?: { readonly name?: string };
  }
  const { traceEvents }: { traceEvents: readonly TraceEvent[] } = JSON.parse(trace.toString("utf8"));
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  return traceEvents
    .filter(({ name, pid, tid, tdur }) => name.endsWith("RunTask") && tdur !== undefined && main.has(`${pid} ${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000);
}
