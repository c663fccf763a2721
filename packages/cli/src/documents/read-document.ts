import { LongspanError, type ByteSource } from "@longspan/core";
import { httpSource } from "@longspan/core/adapter";
import { fileSource } from "@longspan/core/node";
import type { Place } from "@longspan/documents";
import { documentFileOf } from "@longspan/documents/kind";
import { progressDisplay } from "../output/progress-display.ts";
import { installCommand } from "../runtimes/install-command.ts";
import { loadDocumentReader } from "./load-document-reader.ts";
import { isReadOnce, readPipe } from "../read-once.ts";
import { readStandardInput } from "../standard-input.ts";
import type { Terminal } from "../terminal.ts";

/** Some forty times War and Peace: what is longer is no document, and is read in windows for days. */
const maxDocumentBytes = 2 ** 27;

/** Where a piece of a text stands in its document: for programs, and in words. */
export interface GivenPlace extends Place {
  /** `contract.pdf, page 12, line 4` */
  readonly description: string;
}

/** A text's file, and its content. */
export interface GivenText {
  /** For messages. */
  readonly name: string;
  readonly text: string;
  /** Of a document; a text by itself has no places. */
  readonly place?: ((start: number, end: number) => GivenPlace) | undefined;
  /** Sentences about what of it was not read. */
  readonly warnings?: readonly string[] | undefined;
}

/** How documents are read, as the command line says. */
export interface DocumentOptions {
  readonly encoding?: string | undefined;
  /** Of a URL: seconds. */
  readonly timeout?: number | undefined;
}

export interface DocumentContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/**
 * A document: a file, a pipe, an http(s) URL, or standard input where the path is `-`. Text in UTF-8 is read here; all else by `@longspan/documents`, where that is
 * installed.
 * @throws LongspanError `inputs-invalid` for a document without a word or bytes that are no text; `unsupported` for kinds of files that are not read; `module-missing` where
 * a reader is; `not-found`, `limit-exceeded`,
 * `network-failed`, `aborted`; what reading a document throws.
 */
export async function readDocument(path: string, options: DocumentOptions, context: DocumentContext): Promise<GivenText> {
  const name = path === "-" ? "standard input" : path;
  const { bytes, mediaType } = await readBytes(path, options, context);
  const given = await textOf(name, bytes, { mediaType, encoding: options.encoding, signal: context.signal });
  requireWords(`The document (${name})`, given.text);
  return given;
}

/** Where a piece stands, for a result; nothing where that is not known. */
export function placeOf(
  { place }: GivenText,
  { start, end }: { readonly start: number; readonly end: number },
): { readonly place?: GivenPlace } {
  return place === undefined ? {} : { place: place(start, end) };
}

/** @throws LongspanError `inputs-invalid`, before a model is loaded for nothing. */
export function requireWords(name: string, text: string): void {
  if (text.trim() === "") throw new LongspanError("inputs-invalid", `${name} is empty. Give a text with at least one word.`);
}

interface ReadOptions {
  readonly mediaType: string | undefined;
  readonly encoding: string | undefined;
  readonly signal: AbortSignal;
}

async function textOf(name: string, bytes: Uint8Array, { mediaType, encoding, signal }: ReadOptions): Promise<GivenText> {
  const found = documentFileOf(bytes, { name, mediaType, encoding });
  if (found.kind === "refused") throw new LongspanError("unsupported", `${name} ${found.why}`, { details: { name } });
  const isText = "isUtf8" in found && found.isUtf8;
  if (isText && found.kind === "text") return plainText(name, bytes);
  const reader = await loadDocumentReader();
  if (reader === undefined) {
    const install = `npm's package @longspan/documents reads it: ${installCommand("@longspan/documents")}`;
    if (!isText) throw new LongspanError("module-missing", `${name} is ${found.what}. ${install}`, { details: { name } });
    return { ...plainText(name, bytes), warnings: [`${name} is ${found.what}, and is read with its markup. Without it ${install}`] };
  }
  const { text, warnings, place } = await reader.readDocument(bytes, { name, mediaType, encoding, signal });
  return {
    name,
    text,
    warnings,
    place(start, end) {
      const found = place(start, end);
      return { ...found, description: reader.describePlace(found) };
    },
  };
}

/** Text in UTF-8 as it stands: offsets are those of the file's text. */
function plainText(name: string, bytes: Uint8Array): GivenText {
  const text = new TextDecoder("utf-8").decode(bytes);
  let starts: readonly number[] | undefined;
  return {
    name,
    text,
    place(start, end) {
      starts ??= lineStarts(text);
      const [line, last] = [lineAt(starts, start), lineAt(starts, Math.max(start, end - 1))];
      if (last === line) return { name, line, description: `${name}, line ${line}` };
      return { name, line, last: { line: last }, description: `${name}, lines ${line} to ${last}` };
    },
  };
}

function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), ({ 0: mark, index }) => index + mark.length)];
}

function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

interface ReadBytes {
  readonly bytes: Uint8Array;
  readonly mediaType?: string | undefined;
}

async function readBytes(path: string, options: DocumentOptions, context: DocumentContext): Promise<ReadBytes> {
  const { terminal, signal } = context;
  if (path === "-") return { bytes: await readStandardInput(terminal, maxDocumentBytes, signal) };
  if (isUrl(path)) return readSource(await openUrl(path, options, context), signal);
  if (await isReadOnce(path)) return { bytes: await readPipe(path, maxDocumentBytes, signal) };
  return readSource(await fileSource(path), signal);
}

async function openUrl(url: string, { timeout }: DocumentOptions, { terminal, signal }: DocumentContext): Promise<ByteSource> {
  const { onProgress } = await progressDisplay(terminal.error);
  return httpSource(url, {
    signal,
    onProgress,
    maxWholeBytes: maxDocumentBytes,
    ...(timeout === undefined ? {} : { timeout: timeout * 1000 }),
  });
}

async function readSource(source: ByteSource, signal: AbortSignal): Promise<ReadBytes> {
  const { name, size, mediaType } = source;
  try {
    if (size <= maxDocumentBytes) {
      const bytes = await source.read(0, size, { signal });
      await source.checkUnchanged?.();
      return { bytes, mediaType };
    }
    throw new LongspanError("limit-exceeded", `${name} is ${size} bytes long; a document has at most ${maxDocumentBytes}.`, {
      details: { path: name, size, limit: maxDocumentBytes },
    });
  } finally {
    await source.close();
  }
}

function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}
