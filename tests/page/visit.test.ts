import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { Page, Response } from "playwright";
import { expect, test } from "vitest";
import { ask, keptForNextVisit, keptForOffline, useShortDocument } from "./asking.ts";
import { countLaidOut, longDocument, scrollThrough, untrainedModel } from "./long-document.ts";
import { exampleModel, openPage, takePicture } from "./open-page.ts";
import { useBuiltPage } from "./use-built-page.ts";

const built = useBuiltPage();

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds against WCAG 2.2 A and AA, and its best practices. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { run } = Reflect.get(globalThis, "axe") as {
      run: (
        context: Document,
        options: object,
      ) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
    };
    const found = await run(document, { resultTypes: ["violations"] });
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ""}`));
  });
}

/** Choices whose words do not fit, and tables that have to be scrolled sideways. */
function cutShort(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const drawing = new OffscreenCanvas(1, 1).getContext("2d") as OffscreenCanvasRenderingContext2D;
    const arrow = 20;
    const selects = [...document.querySelectorAll("select")].filter((select) => {
      const style = getComputedStyle(select);
      drawing.font = style.font;
      const { width } = drawing.measureText(select.selectedOptions[0]?.text ?? "");
      const room = select.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight) - arrow;
      return select.checkVisibility() && width > room;
    });
    const tables = [...document.querySelectorAll(".table-scroller")].filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth);
    return [...selects, ...tables].map(({ textContent }) => textContent);
  });
}

test("the first load is at most 200 kB, compressed; no model's files and no parser are in it", async () => {
  const { page, context } = await openPage(built.browser, "about:blank");
  const responses: Response[] = [];
  page.on("response", (response) => responses.push(response));
  await page.goto(built.server.url, { waitUntil: "networkidle" });
  const sizes = await Promise.all(responses.map(async (response) => gzipSync(await response.body()).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const loaded = responses.map((response) => new URL(response.url()).pathname);
  expect(loaded.length).toBeGreaterThan(2);
  expect(bytes).toBeLessThan(200_000);
  expect(loaded.filter((path) => /example|ort|pdf|work/.test(path))).toEqual([]);
  await context.close();
});

test("a second visit works offline, with the document, the questions and the model of the first", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url);
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.locator(".answer.best").waitFor();
  await keptForNextVisit(page, { document: "document.txt", answers: 1 });
  await keptForOffline(page);
  await context.setOffline(true);
  await page.reload();
  await page.locator(".answer.best").waitFor();
  expect(await page.locator(".answer.best .text").textContent()).toBe("89944");
  await page.getByText("Offline.").waitFor();
  await page.getByRole("button", { name: "Which access code opens the Ankara hospital?" }).click();
  await page.locator(".answer.best").nth(1).waitFor();
  expect(await page.locator(".answer.best .text").first().textContent()).toBe("69976");
  expect(complaints.filter((complaint) => !complaint.includes("ERR_INTERNET_DISCONNECTED"))).toEqual([]);
  await context.close();
});

test("a model of chosen files is kept in the browser, is there in the next visit, and goes when it is deleted", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url);
  await page
    .locator("[data-purpose=document]")
    .setInputFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("The code of the Geneva station is 12345.") });
  await page.locator("[data-purpose=folder]").setInputFiles(exampleModel);
  await page.getByRole("button", { name: "Keep a copy for next time" }).click();
  await page.getByRole("button", { name: "Keep a copy for next time" }).waitFor({ state: "detached" });
  await keptForNextVisit(page, { document: "note.txt", models: 1 });
  await expect.poll(() => page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0)).toBeGreaterThan(2_000_000);
  await page.reload();
  await page.getByRole("heading", { name: "note.txt" }).waitFor();
  await page.getByText("a copy in this browser").waitFor();
  await page.locator(".kept .chip").click();
  await page.getByRole("textbox", { name: "Your question" }).fill("What is the code of the Geneva station?");
  await page.keyboard.press("Enter");
  await page.locator(".answer.best").waitFor();
  expect(await page.locator(".answer.best .text").textContent()).toContain("12345");
  await page.locator(".model").getByRole("button", { name: "Change" }).click();
  await page
    .getByRole("button", { name: /^Delete / })
    .first()
    .click();
  await page.getByText("a copy in this browser").waitFor({ state: "detached" });
  const left = (): Promise<number> =>
    page.evaluate(async () => {
      const models = await (await navigator.storage.getDirectory()).getDirectoryHandle("models");
      let count = 0;
      for await (const name of models.keys()) count += name === "" ? 0 : 1;
      return count;
    });
  await expect.poll(left).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});

test("60,000 words scroll, are marked and scrolled to; only what is on the screen, and beside it, is laid out", async () => {
  const { text, needle } = longDocument();
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  const laidOut = await countLaidOut(page);
  await page.locator("[data-purpose=document]").setInputFiles({ name: "long.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
  await page.locator(".document .text").waitFor();
  await scrollThrough(page);
  const { most, all } = await laidOut();
  expect(all).toBeGreaterThan(40);
  expect(most).toBeLessThanOrEqual(20);
  expect(await page.locator(".chunk").last().textContent()).toContain(needle);
  expect((await page.locator(".document .text").textContent())?.length).toBe(text.length);

  // A model that has learnt nothing: it answers soon, with some words or other, of which each is marked where it stands.
  await page.locator("[data-purpose=files]").setInputFiles(await untrainedModel());
  await ask(page);
  await page.locator(".answer.best").waitFor();
  await page.locator(".further summary").click();
  const answers = page.locator("button.answer");
  expect(await answers.count()).toBeGreaterThan(2);
  const places = new Set<number>();
  for (const one of await answers.all()) {
    await one.click();
    const mark = page.locator("mark.current");
    await expect.poll(() => mark.first().evaluate(isInSight)).toBe(true);
    expect((await mark.allTextContents()).join("")).toBe(await one.locator(".text").textContent());
    places.add(await mark.first().evaluate((element) => Number((element as HTMLElement).dataset["start"])));
  }
  expect(places.size).toBe(await answers.count());
  expect(complaints).toEqual([]);
  await context.close();
});

/** Whether it stands where the document is shown. */
function isInSight(element: Element): boolean {
  const [mark, box] = [element, element.closest(".text")].map((one) => (one as Element).getBoundingClientRect());
  return mark !== undefined && box !== undefined && mark.top >= box.top && mark.bottom <= box.bottom;
}

test("axe finds nothing, in any view, theme, width and language; nothing is wider than a phone", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, {
    serviceWorkers: "block",
    reducedMotion: "reduce",
  });
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.locator(".answer.best").waitFor();
  await page.getByRole("button", { name: "Why this answer?" }).click();
  await page.locator(".picture").waitFor();
  await page.getByText("How it runs").click();
  await page.getByText("Nothing leaves this machine.").click();
  const found: Record<string, readonly string[]> = {};
  found["light"] = await violations(page);
  // The attention's picture has the colours of the page, whoever changes them.
  const picture = (): Promise<string> => page.evaluate(() => (document.querySelector(".picture canvas") as HTMLCanvasElement).toDataURL());
  const light = await picture();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(picture, { timeout: 60_000 }).not.toBe(light);
  const dark = await picture();
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(picture, { timeout: 60_000 }).toBe(light);
  await page.emulateMedia({ forcedColors: "active" });
  await expect.poll(picture, { timeout: 60_000 }).not.toBe(light);
  await page.emulateMedia({ forcedColors: "none" });
  await expect.poll(picture, { timeout: 60_000 }).toBe(light);
  await page.getByLabel("Settings").click();
  for (const theme of ["dark", "contrast"]) {
    await page.getByLabel("Theme").selectOption(theme);
    found[theme] = await violations(page);
    if (theme === "dark") await expect.poll(picture).toBe(dark);
    else await expect.poll(async () => [light, dark].includes(await picture())).toBe(false);
    await page.mouse.wheel(0, -5000);
    await takePicture(page, theme);
  }
  await page.getByLabel("Theme").selectOption("light");
  await page.getByLabel("Language").selectOption("de");
  await page.getByRole("button", { name: "Fragen", exact: true }).waitFor();
  await expect.poll(() => page.locator("html").getAttribute("lang")).toBe("de");
  await page.keyboard.press("Escape");
  for (const view of ["look", "compare", "convert"]) {
    await page.evaluate((name) => {
      location.hash = name;
    }, view);
    await page.locator(`main .${view}`).waitFor();
    if (view !== "compare") {
      await page.locator("[data-purpose=folder]").setInputFiles(exampleModel);
      await page
        .locator(view === "look" ? ".facts-list" : ".convert select")
        .first()
        .waitFor();
    }
    found[view] = await violations(page);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  for (const view of ["convert", "look", "ask"]) {
    await page.evaluate((name) => {
      location.hash = name;
    }, view);
    await page.locator(`main .${view}`).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), view).toBeLessThanOrEqual(320);
    expect(await cutShort(page), view).toEqual([]);
    // Asking goes on where the answer is marked.
    if (view !== "ask") await expect.poll(() => page.evaluate(() => scrollY), { message: view }).toBe(0);
    const sections = page.locator(".top nav");
    expect(await sections.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), view).toBe(0);
    await takePicture(page, `phone-${view}`);
  }
  found["phone"] = await violations(page);
  expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
  expect(complaints).toEqual([]);
  await context.close();
});

test("by keyboard alone: to the content, through a question to its answer, and into its picture", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, {
    serviceWorkers: "block",
    reducedMotion: "reduce",
  });
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Try the example");
  await page.keyboard.press("Enter");
  await page.locator(".answer.best").waitFor();
  await page.locator("#question").focus();
  await page.keyboard.type("Which access code opens the Ankara hospital?");
  await page.keyboard.press("Enter");
  await page.locator(".answer.best").nth(1).waitFor();
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.className ?? "");
  for (let presses = 0; presses < 12 && !(await focused()).includes("best"); presses++) await page.keyboard.press("Tab");
  expect(await focused()).toContain("best");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator("mark.current").textContent()).toBe("69976");
  expect(complaints).toEqual([]);
  await context.close();
});

test("on a phone the keyboard goes down the page, never up", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, {
    serviceWorkers: "block",
    viewport: { width: 320, height: 640 },
  });
  await useShortDocument(page);
  await page.getByRole("button", { name: "Example model (2 MB)" }).click();
  await page.locator(".model .chosen").waitFor();
  await page.locator(".skip").focus();
  const stops: { readonly name: string; readonly top: number }[] = [];
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const name = element.getAttribute("aria-label") ?? element.id ?? "";
      return {
        name: `${name} ${element.textContent.slice(0, 30)}`,
        top: element.getBoundingClientRect().top + scrollY,
        last: element.closest(".privacy") !== null,
      };
    });
    stops.push(stop);
    if (stop.last) break;
  }
  expect(stops.length).toBeGreaterThan(9);
  // What stands beside each other may be a little higher.
  for (const [index, { name, top }] of stops.entries())
    expect(top, `${name} after ${stops[index - 1]?.name}`).toBeGreaterThan((stops[index - 1]?.top ?? 0) - 20);
  expect(complaints).toEqual([]);
  await context.close();
});
