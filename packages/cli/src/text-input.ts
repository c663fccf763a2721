import { LongspanError } from "@longspan/core";
import { fileSource } from "@longspan/core/node";
import { readStandardInput } from "./standard-input.ts";
import type { Terminal } from "./terminal.ts";

/** Some forty times War and Peace: what is longer is no document, and is read in windows for days. */
const maxDocumentBytes = 2 ** 27;

/** A text's file, and its content. */
export interface GivenText {
  /** For messages. */
  readonly name: string;
  readonly text: string;
}

/**
 * A text file (UTF-8), or standard input where the path is `-`.
 * @throws LongspanError `inputs-invalid` for a text without a word or bytes that are no UTF-8; `not-found`, `limit-exceeded`, `aborted`.
 */
export async function readDocument(path: string, terminal: Terminal, signal: AbortSignal): Promise<GivenText> {
  const name = path === "-" ? "standard input" : path;
  const bytes = path === "-" ? await readStandardInput(terminal, maxDocumentBytes, signal) : await readBytes(path, signal);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new LongspanError("inputs-invalid", `${name} is not text in UTF-8. Give a text file, not a PDF or the like.`, {
      cause: error,
      details: { path },
    });
  }
  requireWords(`The document (${name})`, text);
  return { name, text };
}

/** @throws LongspanError `inputs-invalid`, before a model is loaded for nothing. */
export function requireWords(name: string, text: string): void {
  if (text.trim() === "") throw new LongspanError("inputs-invalid", `${name} is empty. Give a text with at least one word.`);
}

async function readBytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
  const source = await fileSource(path);
  try {
    if (source.size <= maxDocumentBytes) {
      const bytes = await source.read(0, source.size, { signal });
      await source.checkUnchanged?.();
      return bytes;
    }
    throw new LongspanError("limit-exceeded", `${path} is ${source.size} bytes long; a document has at most ${maxDocumentBytes}.`, {
      details: { path, size: source.size, limit: maxDocumentBytes },
    });
  } finally {
    await source.close();
  }
}
