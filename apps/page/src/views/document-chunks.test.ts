import { expect, test } from "vitest";
import { array, assert, constantFrom, property } from "fast-check";
import { documentChunks } from "./document-chunks.ts";

test("chunks are the whole text, in order, none of them too long, and no character is cut", () => {
  const piece = constantFrom("a", " ", "\n", ". ", "𝄞", "word ".repeat(90), "x".repeat(700), "line\n".repeat(300), "x ".repeat(6000));
  assert(
    property(array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join("");
      const chunks = documentChunks(text);
      expect(chunks.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
      for (const { start, end } of chunks) {
        expect(end - start).toBeGreaterThan(0);
        expect(end - start).toBeLessThanOrEqual(24_000);
        expect(text.slice(start, end).isWellFormed()).toBe(true);
      }
      // Only a line that is longer than all that is laid out at once is cut.
      for (const [index, { start, goesOn }] of chunks.entries()) {
        expect(goesOn).toBe(index > 0 && text[start - 1] !== "\n");
        if (!goesOn) continue;
        const [from, to] = [text.lastIndexOf("\n", start - 1) + 1, text.indexOf("\n", start)];
        expect((to === -1 ? text.length : to + 1) - from).toBeGreaterThan(24_000 - 2400);
      }
    }),
  );
});

test("a cut follows the end of a line, else that of a sentence", () => {
  const lines = "A line of forty characters, more or less.\n".repeat(200);
  expect(documentChunks(lines).every(({ end }) => lines[end - 1] === "\n")).toBe(true);
  const sentences = "There are 83 new doors at the Zurich harbour. ".repeat(200);
  expect(
    documentChunks(sentences)
      .slice(0, -1)
      .every(({ end }) => sentences.slice(end - 2, end) === ". "),
  ).toBe(true);
});
