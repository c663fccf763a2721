import { signal } from "@preact/signals";
import type { Problem } from "../protocol/problem.ts";
import { problemOf, work } from "./work.ts";

/** The document that questions are about. */
export interface PageDocument {
  /** Its name, and a digest of its text: the same in every visit. */
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly content: string | Blob;
  readonly text: string;
  readonly words: number;
  /** About what of it was not read. */
  readonly warnings: readonly string[];
  /** Of the example. */
  readonly suggestions: readonly string[];
}

export const openedDocument = signal<PageDocument | undefined>(undefined);
export const readingDocument = signal<string | undefined>(undefined);
export const documentProblem = signal<Problem | undefined>(undefined);

/** The newest call of `openDocument`: what older ones find out is too late. */
let newest: object | undefined;

/** Reads a file, or takes a text, and makes it the page's document. @returns whether it is that now: it could be read, and no other was opened meanwhile. */
export async function openDocument(
  name: string,
  content: string | Blob,
  options: { readonly key?: string | undefined; readonly suggestions?: readonly string[] | undefined } = {},
): Promise<boolean> {
  const key = options.key ?? crypto.randomUUID();
  const own = {};
  newest = own;
  documentProblem.value = undefined;
  readingDocument.value = name;
  try {
    // A text's ends of lines are made alike there, too: offsets are into what is read.
    const { text, warnings } = await work.call("read", { key, name, content });
    if (newest !== own) return false;
    const id = await idOf(name, text);
    if (newest !== own) return false;
    if (text.trim() === "") {
      documentProblem.value = { code: "no-text", message: "" };
      return false;
    }
    openedDocument.value = { id, key, name, content, text, warnings, words: countWords(text), suggestions: options.suggestions ?? [] };
    return true;
  } catch (error) {
    if (newest === own) documentProblem.value = problemOf(error);
    return false;
  } finally {
    if (newest === own) readingDocument.value = undefined;
  }
}

async function idOf(name: string, text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `${name} ${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function countWords(text: string): number {
  let words = 0;
  let inside = false;
  for (let index = 0; index < text.length; index++) {
    const space = text.charCodeAt(index) <= 32;
    if (!space && !inside) words++;
    inside = !space;
  }
  return words;
}
