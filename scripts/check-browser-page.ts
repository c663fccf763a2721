// Checks examples/browser: builds the page, opens it in Chromium, chooses the trained model's folder, asks, and reads the answer.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { build, preview } from "vite";
import { findChromium } from "./find-graphics.mjs";

const executablePath = findChromium();
if (executablePath === undefined) throw new Error("no Chromium was found: install it, or set CHROMIUM to its executable");

const root = fileURLToPath(new URL("../examples/browser/", import.meta.url));
const model = join(root, "../train-lightning-qa/model");
const context = await readFile(join(model, "document.txt"), "utf8");
const [asked]: readonly { readonly question: string; readonly answer: string }[] = JSON.parse(
  await readFile(join(model, "questions.json"), "utf8"),
);
if (asked === undefined) throw new Error("there is no question");

await build({ root, logLevel: "warn", build: { outDir: join(root, "dist"), emptyOutDir: true } });
const server = await preview({ root, preview: { port: 0 } });
const browser = await chromium.launch({
  executablePath,
  args: ["--enable-unsafe-webgpu", "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(server.resolvedUrls?.local[0] ?? "");
  await page.locator("[name=model]").setInputFiles(model);
  await page.locator("[name=document]").fill(context);
  await page.locator("[name=question]").fill(asked.question);
  await page.locator("button").click();
  const shown = page.locator("output.answer, output.error");
  await shown.waitFor({ timeout: 300_000 });
  const text = (await shown.textContent()) ?? "";
  console.log(`In the browser: ${asked.question}\n  ${text}`);
  if (!text.startsWith(`${asked.answer} `)) {
    console.error(`The answer is ${asked.answer}.`);
    process.exitCode = 1;
  }
} finally {
  await browser.close();
  await server.close();
}
