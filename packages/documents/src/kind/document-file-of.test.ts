import { expect, test } from "vitest";
import { documentFileOf } from "./index.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const wide = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "utf16le"));
const text = { kind: "text", what: "text", isUtf8: true };

test.each([
  ["a PDF", bytes("%PDF-1.7\n…\n%%EOF"), "a", { kind: "pdf", what: "a PDF" }],
  ["a PDF behind what a server sent before it", bytes("HTTP/1.1 200 OK\n\n%PDF-1.7\n…\n%%EOF\n"), "a", { kind: "pdf", what: "a PDF" }],
  ["a text about PDFs", bytes("Such a file begins with %PDF-1.7, a comment."), "a.txt", text],
  ["a zip archive", bytes("PK\u0003\u0004"), "a.txt", { kind: "zip", what: "a .docx or another archive" }],
  ["a page by its name", bytes("<p>words"), "a.html", { kind: "html", what: "HTML", isUtf8: true }],
  ["a page by its bytes", bytes("<!-- one --> <!doctype html>words"), "a", { kind: "html", what: "HTML", isUtf8: true }],
  ["a page of XHTML", bytes('<?xml version="1.0"?>\n<html>words'), "a", { kind: "html", what: "HTML", isUtf8: true }],
  ["Markdown", bytes("# words"), "https://host/a.md?raw=1", { kind: "markdown", what: "Markdown", isUtf8: true }],
  ["UTF-16 with a mark", wide("\uFEFFwords"), "a.txt", { kind: "text", what: "text in UTF-16", isUtf8: false }],
  ["UTF-16 without one", wide("words"), "a.txt", { kind: "text", what: "text in UTF-16", isUtf8: false }],
  ["a page in UTF-16", wide("<!doctype html>words"), "a", { kind: "html", what: "text in UTF-16", isUtf8: false }],
  ["Latin-1", Uint8Array.of(71, 114, 252, 223, 101), "a.txt", { kind: "text", what: "not text in UTF-8", isUtf8: false }],
  ["UTF-8 with a mark", bytes("\uFEFFGrüße"), "a.txt", text],
])("%s", (_, given, name, expected) => {
  expect(documentFileOf(given, { name })).toEqual(expected);
});

test("what is said counts: the server's word, and the user's", () => {
  expect(documentFileOf(bytes("<p>words"), { name: "a", mediaType: "text/html; charset=utf-8" })).toMatchObject({ kind: "html" });
  expect(documentFileOf(bytes("words"), { name: "a", encoding: "latin1" })).toEqual({
    kind: "text",
    what: "to be read in the encoding latin1",
    isUtf8: false,
  });
});

test.each([
  [
    "a picture",
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47),
    "is a picture (PNG), which is not read. Recognise its text first (OCR), and give that.",
  ],
  ["RTF", bytes(String.raw`{\rtf1 words}`), "is an RTF file, which is not read. Save it as .docx, and give that."],
  ["an archive", Uint8Array.of(0x1f, 0x8b, 8), "is a gzip archive, which is not read. Unpack it, and give the documents in it."],
])("%s is refused with the way out", (_, given, why) => {
  expect(documentFileOf(given, { name: "a" })).toEqual({ kind: "refused", why });
});
