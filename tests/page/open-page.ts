// What every test of the page starts with: the page as it is built, served as `longspan page` serves it, in a real Chromium.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright";
import { servePage, type PageServer } from "longspan";

export const pageFolder: string = fileURLToPath(new URL("../../apps/page/dist/", import.meta.url));
export const exampleModel: string = fileURLToPath(new URL("../../examples/train-lightning-qa/model/", import.meta.url));

/** Pictures of a run, to be looked at. Not kept in the repository. */
const pictures = fileURLToPath(new URL("../../apps/page/screenshots/", import.meta.url));

export async function serveBuiltPage(): Promise<PageServer> {
  return servePage({ folder: pageFolder, port: 0, connect: [] });
}

/** @param more Instead of WebGPU on the processor. */
export async function launchChromium(more: readonly string[] = ["--enable-unsafe-webgpu"]): Promise<Browser> {
  // Of vitest.config.ts.
  const executablePath = process.env.CHROMIUM ?? "";
  const quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const launch = (): Promise<Browser> => chromium.launch({ executablePath, args: [...quiet, ...more] });
  // Where a machine has no room for a moment, it does not start; what goes wrong later is a fault.
  return launch().catch((error: unknown) => {
    console.error(`Chromium did not start, once more: ${String(error)}`);
    return launch();
  });
}

export interface OpenedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained of: nothing should be here. */
  readonly complaints: readonly string[];
}

/** Opens the page in a context of its own, as a first visit. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  // On a machine that does much besides, Chromium takes its time; where nothing is wrong, nobody waits for it.
  context.setDefaultTimeout(90_000);
  await holdUp(context);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error.stack)));
  page.on("console", (message) => {
    // What a test of ours keeps from the page is no complaint about the page.
    if (message.text().includes("blocked by Playwright")) return;
    if (message.type() === "error" || message.type() === "warning") complaints.push(`${message.type()}: ${message.text()}`);
  });
  await page.goto(url);
  return { page, context, complaints };
}

/**
 * Makes the page slow, which shows tests that look before what they look at is there: with `SLOW_PAGE=50` its thread is held up for 50 milliseconds, again and
 * again, as on a machine that has much else to do.
 */
async function holdUp(context: BrowserContext): Promise<void> {
  const milliseconds = Number(process.env.SLOW_PAGE ?? 0);
  if (milliseconds > 0) await context.addInitScript(holdThread, milliseconds);
}

function holdThread(milliseconds: number): void {
  setInterval(() => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  }, 5);
}

/** Goes to another section of the page, and waits until it is there: an address changes before what is shown. */
export async function openSection(page: Page, name: "Ask" | "Look inside" | "Compare" | "Convert"): Promise<void> {
  const link = page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name });
  await link.click();
  await link.and(page.locator("[aria-current=page]")).waitFor();
}

export async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}${name}.png`, animations: "disabled" });
}
