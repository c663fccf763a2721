import { readFileSync } from "node:fs";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { answered, ask, changeDocument, endWorker, keptForNextVisit, note, useShortDocument } from "./asking.ts";
import { exampleModel, openPage, takePicture } from "./open-page.ts";
import { useBuiltPage } from "./use-built-page.ts";

const built = useBuiltPage();

const [first, second]: readonly { readonly question: string; readonly answer: string; readonly start: number }[] = JSON.parse(
  readFileSync(`${exampleModel}questions.json`, "utf8"),
);

/** Notes what a screen reader is told from now on: the status holds the last sentence only. */
async function noteSaid(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const said: string[] = [];
    Reflect.set(globalThis, "said", said);
    const observer = new MutationObserver(() => {
      for (const status of document.querySelectorAll("[role=status]")) said.push(status.textContent);
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => Reflect.get(globalThis, "said"));
}

test("one click gives a first answer, marked where it stands; a second question needs no second loading", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url);
  await takePicture(page, "start");
  const said = await noteSaid(page);
  // A double click is one question, and loads one model.
  await page.getByRole("button", { name: "Try the example" }).dblclick();
  await page.locator(".answer.best").waitFor();
  expect(await page.locator(".entry").count()).toBe(1);
  expect(await page.locator(".answer.best .text").textContent()).toBe(first?.answer);
  const mark = page.locator("mark.current");
  await expect.poll(() => mark.textContent()).toBe(first?.answer);
  await expect.poll(() => mark.isVisible()).toBe(true);
  await expect.poll(async () => (await said()).join("\n")).toContain(first?.answer);
  // The document is in lines, and the answer's is told.
  const document = await page.evaluate(async () => (await fetch("example/document.txt")).text());
  const line = document.slice(0, first?.start).split("\n").length;
  expect(line).toBeGreaterThan(1);
  expect(await page.locator(".entry .facts").textContent()).toContain(`line ${line}`);
  await takePicture(page, "answer");

  await page.getByRole("button", { name: second?.question ?? "" }).click();
  await page.locator(".answer.best").nth(1).waitFor();
  expect(await page.locator(".answer.best .text").first().textContent()).toBe(second?.answer);
  await expect.poll(() => mark.textContent()).toBe(second?.answer);
  await page.getByText("How it runs").click();
  await page.locator(".stages").waitFor();
  expect(await page.locator("details.run").textContent()).toContain("The only GPU is a software one");
  await takePicture(page, "how-it-runs");

  // After a reload the document, the questions and the model are there.
  await keptForNextVisit(page, { document: "document.txt", answers: 2 });
  await page.reload();
  await page.locator(".answer.best").nth(1).waitFor();
  expect(await page.locator(".document h2").textContent()).toBe("document.txt");
  await ask(page, first?.question ?? "");
  expect(await answered(page)).toBe(first?.answer);
  expect(complaints).toEqual([]);
  await context.close();
});

test("why: what the answer's tokens looked at, of each layer and head, to be pointed at and walked through", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url);
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.getByRole("button", { name: "Why this answer?" }).click();
  const picture = page.getByRole("group", { name: "Attention of the answer's tokens" });
  await picture.waitFor();
  const panel = page.getByRole("region", { name: "Why this answer?" });
  const layer = panel.getByLabel("Layer");
  expect(await layer.inputValue()).toBe("2");
  expect(await panel.getByLabel("Head").locator("option").count()).toBe(5);
  expect(await panel.locator(".tokens li").count()).toBeGreaterThan(1);
  await picture.focus();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
  const readout = panel.locator(".readout");
  await expect.poll(() => readout.textContent()).toMatch(/looks at “.+”: [\d.]+%/);
  const box = await picture.boundingBox();
  await page.mouse.move((box?.x ?? 0) + 40, (box?.y ?? 0) + 10);
  await expect.poll(() => readout.textContent()).toMatch(/looks at/);
  const shares = panel.locator(".most tbody tr");
  const before = await shares.allTextContents();
  const isColoured = (name: string): Promise<boolean> => page.evaluate((highlight) => CSS.highlights.has(highlight), name);
  await expect.poll(() => isColoured("heat-5")).toBe(true);
  await panel.scrollIntoViewIfNeeded();
  await takePicture(page, "attention");
  // The question's tokens see the whole document, in columns of many tokens each.
  await panel.getByLabel("Who looks").selectOption("globals");
  const whole = page.getByRole("group", { name: "Attention of the question's tokens" });
  await whole.waitFor();
  expect(await panel.locator(".tokens li").allTextContents()).toEqual(expect.arrayContaining(["Geneva"]));
  await panel.getByRole("combobox", { name: "Token" }).selectOption({ label: "Geneva" });
  await whole.focus();
  for (let presses = 0; presses < 30; presses++) await page.keyboard.press("ArrowRight");
  await expect.poll(() => readout.textContent()).toMatch(/looks at “.+ … .+”: [\d.]+%/);
  await expect.poll(() => isColoured("pointed")).toBe(true);
  await takePicture(page, "attention-of-question");
  // What is chosen stays chosen while it is on its way, whatever is chosen meanwhile; what goes wrong can be tried again as it was chosen.
  const who = panel.getByLabel("Who looks");
  await page.route("**/example/longformer-qa.ckpt", () => undefined);
  await endWorker(page);
  await page.waitForFunction(() => document.querySelector(".model .chosen")?.textContent.includes("Is loaded with the first question"));
  await who.selectOption("answer");
  await layer.selectOption("0");
  await panel.getByText("Opening the model").waitFor();
  expect([await who.inputValue(), await layer.inputValue()]).toEqual(["answer", "0"]);
  await endWorker(page);
  await panel.getByRole("alert").waitFor();
  await page.unroute("**/example/longformer-qa.ckpt");
  expect([await who.inputValue(), await layer.inputValue()]).toEqual(["answer", "0"]);
  await panel.getByRole("button", { name: "Try again" }).click();
  await picture.waitFor();
  expect(await panel.getByRole("alert").count()).toBe(0);
  expect([await who.inputValue(), await layer.inputValue()]).toEqual(["answer", "0"]);
  await expect.poll(() => shares.allTextContents()).not.toEqual(before);
  await panel.getByRole("button", { name: /Close/ }).click();
  // What opened it has the focus again.
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Why this answer?");
  await expect.poll(() => isColoured("heat-5")).toBe(false);
  expect(complaints).toEqual([]);
  await context.close();
});

test("a visit that ends while questions wait leaves the answers that were there, and the questions without one to be asked again", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  await useShortDocument(page);
  await page.getByRole("button", { name: "Example model (2 MB)" }).click();
  await ask(page, "What is the access code of the Geneva station?");
  await answered(page);
  // Where all is one line, no line is told.
  expect(await page.locator(".entry .facts").textContent()).not.toContain("line");
  await ask(page, "Which code opens the Geneva station?");
  await page.locator(".answer.best").nth(1).waitFor();
  // The next model does not come: what is asked of it is under way, or waits, when the visit ends.
  await page.route("**/example/longformer-qa.ckpt", () => undefined);
  await page.getByText("How it runs").click();
  await page.locator(".run option[value=webgpu]").waitFor({ state: "attached" });
  await page.getByLabel("Runs on").selectOption("reference");
  await ask(page, "How many doors are at the Zurich harbour?");
  await page.getByText("Opening the model").first().waitFor();
  await ask(page, "Where are the doors?");
  await page.getByText("Waiting for its turn").first().waitFor();
  await ask(page, "Who is there?");
  await page.locator(".entry", { hasText: "Who is there?" }).getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Cancelled.").first().waitFor();
  await keptForNextVisit(page, { states: ["cancelled", "interrupted", "interrupted", "answered", "answered"] });
  await page.unroute("**/example/longformer-qa.ckpt");
  await page.reload();
  await page.locator(".entry").nth(4).waitFor();
  expect(await page.locator(".entry h3").allTextContents()).toEqual([
    "Who is there?",
    "Where are the doors?",
    "How many doors are at the Zurich harbour?",
    "Which code opens the Geneva station?",
    "What is the access code of the Geneva station?",
  ]);
  expect(await page.locator(".answer.best .text").allTextContents()).toEqual(["89944", "89944"]);
  expect(await page.getByText("Ended with the last visit, without an answer.").count()).toBe(2);
  await page.locator(".entry", { hasText: "How many doors" }).getByRole("button", { name: "Ask again" }).click();
  await page.locator(".answer.best").nth(2).waitFor();
  expect(await page.getByText("Ended with the last visit").count()).toBe(1);
  expect(complaints).toEqual([]);
  await context.close();
});

test("another document leaves the conversation about the one before where it can be gone back to, in this visit and the next", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block" });
  await useShortDocument(page);
  await page.getByRole("button", { name: "Example model (2 MB)" }).click();
  await ask(page);
  await answered(page);
  await changeDocument(page, "other.txt", "The access code of the Lagos archive is 11111.");
  expect(await page.locator(".entry").count()).toBe(0);
  await page.getByText("Before: note.txt, with 1 question.").waitFor();
  await page.getByRole("button", { name: "Go back to it" }).click();
  await page.getByRole("heading", { name: "note.txt" }).waitFor();
  expect(await page.locator(".answer.best .text").allTextContents()).toEqual(["89944"]);
  // The same document again is no other one.
  await changeDocument(page, "note.txt", note);
  await page.locator(".answer.best").click();
  expect(await page.locator("mark.current").textContent()).toBe("89944");

  await changeDocument(page, "other.txt", "The access code of the Lagos archive is 11111.");
  expect(await page.locator(".entry").count()).toBe(0);
  await keptForNextVisit(page, { document: "other.txt" });
  await page.reload();
  await page.getByRole("heading", { name: "other.txt" }).waitFor();
  expect(await page.locator(".entry").count()).toBe(0);
  await changeDocument(page, "note.txt", note);
  await page.locator(".answer.best").waitFor();
  // Another text is another document, whatever its name.
  await changeDocument(page, "note.txt", "The access code of the Lagos archive is 11111.");
  await page.locator(".document .text", { hasText: "Lagos" }).waitFor();
  expect(await page.locator(".entry").count()).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});
