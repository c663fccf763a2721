import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import { createConverter, memoryFileSet } from "@longspan/core";
import { exampleModel, openPage, openSection, takePicture } from "./open-page.ts";
import { useBuiltPage } from "./use-built-page.ts";
import { storedFiles } from "./stored-zip.ts";

const built = useBuiltPage();

const ckpt = `${exampleModel}longformer-qa.ckpt`;
const text = `${exampleModel}document.txt`;

test("look inside: what a checkpoint is, its tensors under all their names, values when they are asked for", async () => {
  const { page, complaints, context } = await openPage(built.browser, `${built.server.url}#look`);
  await page.locator("[data-purpose=folder]").setInputFiles(exampleModel);
  await page.locator(".facts-list").waitFor();
  const facts = (await page.locator(".facts-list").textContent()) ?? "";
  for (const fact of [
    "FormatPyTorch Lightning",
    "NamesPyTorch Lightning",
    "question-answering",
    "515,522",
    "3 layers, hidden size 64, 4 heads, window 32",
  ])
    expect(facts).toContain(fact);
  await page.getByRole("searchbox").fill("layer.1 key weight");
  const rows = page.locator(".tensors tbody tr:not([aria-hidden])");
  await expect.poll(() => rows.count()).toBe(2);
  // By a name of another framework: Paddle's.
  await page.getByRole("searchbox").fill("k_proj");
  await expect.poll(() => rows.count()).toBeGreaterThan(2);
  await page.locator("button.name").first().click();
  const details = page.getByRole("region", { name: /^Details of/ });
  expect(await details.locator(".names").textContent()).toContain("k_proj");
  expect(await details.locator(".names").textContent()).toContain("Hugging Face");
  await details.getByRole("button", { name: "Read its values" }).click();
  await details.locator(".histogram").waitFor();
  expect(await details.locator(".figures").textContent()).toMatch(/Mean.*Not finite0/);
  await takePicture(page, "inspect");
  const name = await page.locator("button.name").first().textContent();
  await details.getByRole("button", { name: "Close" }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(name);
  await page.getByRole("searchbox").fill("nothing like this");
  await page.getByText("No name has this text in it.").waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test("a checkpoint by its URL is read in ranges, and what the policy forbids is refused with the way out", async () => {
  const { page, complaints, context } = await openPage(built.browser, `${built.server.url}#look`);
  await page.getByText("From a URL").click();
  const address = page.getByLabel("URL of a file");
  await address.fill("https://models.example/model.safetensors");
  await page.keyboard.press("Enter");
  await page.locator(".problem").waitFor();
  expect(await page.locator(".problem").textContent()).toContain("longspan page --connect https://models.example");
  const problem = page.locator(".problem");
  await address.fill("file:///etc/passwd");
  await page.keyboard.press("Enter");
  await problem.getByText("no address on the web").waitFor();
  expect(await problem.textContent()).not.toContain("--connect");
  await address.fill("model.safetensors");
  await page.keyboard.press("Enter");
  await problem.getByText("is no address").waitFor();
  await address.fill(`${built.server.url}example/nothing.safetensors`);
  await page.keyboard.press("Enter");
  await problem.getByText("There is no file at this address").waitFor();
  expect(await problem.textContent()).not.toContain("tokenizer");
  const ranges: string[] = [];
  page.on("request", (request) => ranges.push(request.headers()["range"] ?? ""));
  await address.fill(`${built.server.url}example/longformer-qa.ckpt`);
  await page.keyboard.press("Enter");
  await page.locator(".facts-list").waitFor();
  expect(await page.locator(".facts-list").textContent()).toContain("515,522");
  expect(ranges.some((range) => range.startsWith("bytes="))).toBe(true);
  // The policy holds in the worker, too, which is where everything is read.
  const refused = await page.workers()[0]?.evaluate(() =>
    fetch("https://elsewhere.example/").then(
      () => "sent",
      () => "refused",
    ),
  );
  expect(refused).toBe("refused");
  expect(complaints.filter((complaint) => !/elsewhere\.example|status of 404/.test(complaint))).toEqual([]);
  await context.close();
});

test("files that are no checkpoint, or cut ones, are told as such", async () => {
  const { page, complaints, context } = await openPage(built.browser, `${built.server.url}#look`);
  const files = page.locator("[data-purpose=files]");
  await files.setInputFiles(text);
  await page.locator(".problem").waitFor();
  expect(await page.locator(".problem").textContent()).toContain("no checkpoint that Longspan knows");
  await files.setInputFiles({
    name: "cut.ckpt",
    mimeType: "application/octet-stream",
    buffer: readFileSync(ckpt).subarray(0, 900_000),
  });
  await expect.poll(() => page.locator(".problem").textContent()).toContain("cut.ckpt");
  await takePicture(page, "bad-file");
  // Another model's file can be looked at, and no option of the command line is named.
  const header = JSON.stringify({ "other.weight": { dtype: "F32", shape: [2], data_offsets: [0, 8] } }).padEnd(96);
  const other = Buffer.concat([Buffer.from(BigUint64Array.of(96n).buffer), Buffer.from(header), Buffer.alloc(8)]);
  await files.setInputFiles({ name: "other.safetensors", mimeType: "application/octet-stream", buffer: other });
  await page.locator(".facts-card .notes").waitFor();
  expect(await page.locator(".facts-card .notes").textContent()).toContain("This is not a Longformer");
  expect(await page.locator(".facts-card .notes").textContent()).not.toContain("--from-layout");
  expect(complaints).toEqual([]);
  await context.close();
});

test("convert into another framework, saved as one zip, and compare it with its source", async () => {
  const { page, complaints, context } = await openPage(built.browser, `${built.server.url}#convert`);
  await page.locator("[data-purpose=folder]").setInputFiles(exampleModel);
  await page.getByLabel("Format").waitFor();
  await page.getByRole("button", { name: "Save as a download" }).waitFor();
  await page.getByText("What becomes of each tensor").click();
  await page.locator(".convert tbody tr").nth(3).waitFor();
  const table = page.locator(".convert .table-scroller");
  // As wide as the longest name makes it: Paddle's.
  await page.getByLabel("Format").selectOption("paddle");
  await page.getByText("transposed").first().waitFor();
  expect(await table.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
  await page.getByLabel("Format").selectOption("hf");
  await page.getByText("transposed").first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save as a download" }).click();
  await page.getByRole("heading", { name: "Saved" }).waitFor();
  await takePicture(page, "convert");
  // What was written, and how, stays together, whatever is chosen next.
  expect(await page.locator(".convert .card").last().textContent()).toContain("Hugging Face (safetensors)");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: /^Download/ }).click()]);
  const files = storedFiles(readFileSync(await download.path()));
  expect([...files.keys()].toSorted()).toEqual(expect.arrayContaining(["config.json", "model.safetensors", "tokenizer.json"]));

  const converter = createConverter({ adapters: [torch(), lightning()] });
  await using made = await converter.open({ files: memoryFileSet("made", Object.fromEntries(files)) });
  await using source = await converter.open(ckpt);
  expect(await converter.verify(made, source)).toMatchObject({ equal: true, differing: 0 });

  await openSection(page, "Compare");
  const inputs = page.locator("[data-purpose=files]");
  await inputs.first().setInputFiles([ckpt, `${exampleModel}config.json`]);
  await page.locator(".pair .chosen").first().waitFor();
  const folder = [...files].map(([name, bytes]) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) }));
  await inputs.first().setInputFiles(folder);
  await page.locator(".pair .chosen").nth(1).waitFor();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByRole("heading", { name: "The two are the same model." }).waitFor();

  // One value changed is one difference.
  const weights = Buffer.from(files.get("model.safetensors") ?? []);
  weights[weights.length - 1] = (weights.at(-1) ?? 0) ^ 1;
  await page.getByRole("button", { name: "Another one" }).nth(1).click();
  await inputs.first().setInputFiles(folder.map((file) => (file.name === "model.safetensors" ? { ...file, buffer: weights } : file)));
  await page.getByRole("button", { name: "Another one" }).nth(1).waitFor();
  await page.locator(".pair .places").waitFor({ state: "detached" });
  // The verdict was of the files before.
  expect(await page.locator("#result-heading").count()).toBe(0);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByRole("heading", { name: "The two differ." }).waitFor();
  await page.getByLabel("Only those that differ").check();
  await expect.poll(() => page.locator(".compare tbody tr").count()).toBe(1);
  expect(await page.locator(".compare tbody tr").textContent()).toContain("1 /");
  await takePicture(page, "compare");
  expect(complaints).toEqual([]);
  await context.close();
});

test("a folder that the reader chooses gets the files, whole or not at all", async () => {
  const { page, context } = await openPage(built.browser, "about:blank");
  // What a folder's chooser would give; Chromium without a window has none.
  await context.addInitScript(() => {
    Object.assign(globalThis, {
      showDirectoryPicker: async () => (await navigator.storage.getDirectory()).getDirectoryHandle("chosen", { create: true }),
    });
  });
  await page.goto(`${built.server.url}#convert`);
  await page.locator("[data-purpose=files]").setInputFiles([ckpt, `${exampleModel}config.json`]);
  await page.getByRole("button", { name: "Save to a folder" }).click();
  await page.getByRole("heading", { name: "Saved" }).waitFor();
  const names = (): Promise<readonly string[]> =>
    page.evaluate(async () => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("chosen");
      const found: string[] = [];
      for await (const name of folder.keys()) found.push(name);
      return found.toSorted();
    });
  expect(await names()).toEqual(["config.json", "model.safetensors"]);
  // A second time nothing is overwritten, and nothing half-written is left.
  await page.getByRole("button", { name: "Save to a folder" }).click();
  await page.locator(".problem").waitFor();
  expect(await page.locator(".problem").textContent()).toContain("already");
  expect(await names()).toEqual(["config.json", "model.safetensors"]);
  await context.close();
});
