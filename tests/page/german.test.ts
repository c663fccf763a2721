import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { exampleModel, openPage, takePicture } from "./open-page.ts";
import { useBuiltPage } from "./use-built-page.ts";

const built = useBuiltPage();
const documents = fileURLToPath(new URL("../../fixtures/documents/", import.meta.url));

test("in German, what the page says is German, and what the library says is marked as English", async () => {
  const { page, complaints, context } = await openPage(built.browser, built.server.url, { serviceWorkers: "block", locale: "de-DE" });
  const problem = page.locator(".document .problem");
  for (const [name, says] of [
    ["lease.odt", "von einer Art, die nicht gelesen wird"],
    ["lease.rtf", "von einer Art, die nicht gelesen wird"],
    ["lease.doc", "von einer Art, die nicht gelesen wird"],
    ["picture.png", "von einer Art, die nicht gelesen wird"],
    ["encrypted.docx", "verschlüsselt"],
    ["encrypted.pdf", "verschlüsselt"],
    ["scanned.pdf", "hat Bilder von Text"],
  ] as const) {
    await page.locator("[data-purpose=document]").setInputFiles(`${documents}${name}`);
    await problem
      .getByText(`Das ging nicht. ${name} ist`)
      .or(problem.getByText(`Das ging nicht. ${name} hat`))
      .waitFor();
    expect(await problem.locator("p").first().textContent()).toContain(says);
    expect(await problem.locator("p").first().locator("[lang]").count()).toBe(0);
    expect(await problem.locator(".detail [lang=en]").textContent()).toContain(name);
    expect(await problem.locator(".detail").textContent()).toBe(await problem.locator(".detail [lang=en]").textContent());
  }
  await page.locator("[data-purpose=document]").setInputFiles(`${documents}half-scanned.pdf`);
  await page.getByText("Nicht alles wurde gelesen").waitFor();
  expect(await page.locator(".document .notes [lang=en]").textContent()).toContain("has no text on page");

  await page.goto(`${built.server.url}#look`);
  await page.locator("main .look").waitFor();
  await page.locator("[data-purpose=files]").setInputFiles(`${exampleModel}longformer-qa.ckpt`);
  await page.locator(".facts-list").waitFor();
  const facts = (await page.locator(".facts-list").textContent()) ?? "";
  expect(facts).toContain("Konfiguration ausder Datei selbst");
  await page.getByText("Weggelassen").first().click();
  expect(await page.locator(".left li .muted:not([lang=en])").count()).toBe(0);
  expect(await page.locator(".left li .muted[lang=en]").count()).toBeGreaterThan(0);
  await takePicture(page, "german-look");
  expect(complaints).toEqual([]);
  await context.close();
});
