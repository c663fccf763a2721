import { expect, test } from "vitest";
import { describePlace, readDocument } from "./index.ts";

test.each([
  ["lease.pdf", "900 crowns", "page 2, line 2"],
  ["protected-rc4-128.pdf", "30 June", "page 1, line 1"],
  ["protected-aes-256.pdf", "30 June", "page 1, line 1"],
  ["lease.docx", "900 crowns", "paragraph 8"],
])("%s in a browser", async (name, words, place) => {
  const response = await fetch(new URL(`../../../fixtures/documents/${name}`, import.meta.url));
  const bytes = new Uint8Array(await response.arrayBuffer());
  const document = await readDocument(bytes, { name });
  const start = document.text.indexOf(words);
  expect(describePlace(document.place(start, start + words.length))).toBe(`${name}, ${place}`);
});

test("pages and notes in a browser", async () => {
  const bytes = new TextEncoder().encode("<!doctype html><p>one\n<p>two");
  const document = await readDocument(bytes, { name: "a.html" });
  expect([document.text, document.place(5, 8)]).toEqual(["one\n\ntwo", { name: "a.html", line: 2 }]);
  expect((await readDocument(new TextEncoder().encode("# *one*"), { name: "a.md" })).text).toBe("one");
});
