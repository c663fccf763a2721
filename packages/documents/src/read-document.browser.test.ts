import { expect, test } from "vitest";
import { describePlace, readDocument } from "./index.ts";

test.each([
  ["lease.pdf", "900 crowns", "page 2, line 2"],
  ["lease.docx", "900 crowns", "paragraph 8"],
  ["page.html", "51,300", "line 21"],
])("%s in a browser", async (name, words, place) => {
  const response = await fetch(new URL(`../../../fixtures/documents/${name}`, import.meta.url));
  const bytes = new Uint8Array(await response.arrayBuffer());
  const document = await readDocument(bytes, { name });
  const start = document.text.indexOf(words);
  expect(describePlace(document.place(start, start + words.length))).toBe(`${name}, ${place}`);
});
