import { readFileSync } from "node:fs";

/**
 * The example's document as a reader would have it: in paragraphs, so that an answer's line says where it stands. Ends of lines take the places of spaces, so that all
 * offsets into it hold; and not so often that the model would have to read it in two parts.
 */
export function exampleDocument(file: string): string {
  let sentences = 0;
  return readFileSync(file, "utf8").replaceAll(". ", () => (++sentences % 8 === 0 ? ".\n" : ". "));
}
