import { LongspanError } from "@longspan/core";
import { throwIfAborted } from "@longspan/core/adapter";
import type { PDFDocumentProxy, PDFPageProxy } from "unpdf/pdfjs";
import { asLatin1 } from "../../kind/as-latin1.ts";
import { textCollector, type PlacedText, type TextCollector } from "../../place/placed-text.ts";
import { encryptedRefusal } from "./encryption.ts";
import { withoutLeftPromises } from "./left-promises.ts";
import { pageLines, type PageItem } from "./page-lines.ts";
import { checkStreamSizes } from "./stream-sizes.ts";

/** Readers look for a file's end mark this far from its end (ISO 32000-1, Annex H, note 18). */
const endMarkBytes = 1024;

/**
 * Characters that a file of so many bytes may come to: drawings that are drawn again and again in one another make a book of a kilobyte. Text shrinks to a
 * fifth, seldom to a twentieth.
 */
function maxCharacters(bytes: number): number {
  return 2 ** 16 + 32 * bytes;
}

type TextContent = Awaited<ReturnType<PDFPageProxy["getTextContent"]>>;

export interface PdfOptions {
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * The text of a PDF, line by line as its pages have it, with what was filled into its forms after each page; by Mozilla's pdf.js.
 * @throws LongspanError `unsupported` for a file that is encrypted, scanned, or in a font that has to be looked up; `truncated`, `malformed`, `limit-exceeded`, `aborted`.
 */
export async function pdfText(
  bytes: Uint8Array<ArrayBuffer>,
  options: PdfOptions,
): Promise<PlacedText & { readonly warnings: readonly string[] }> {
  requireEnd(bytes, options.name);
  await checkStreamSizes(bytes, options.name, options.signal);
  return withoutLeftPromises(() => textByPdfJs(bytes, options));
}

async function textByPdfJs(
  bytes: Uint8Array<ArrayBuffer>,
  { name, signal }: PdfOptions,
): Promise<PlacedText & { readonly warnings: readonly string[] }> {
  const { getDocument } = await import("unpdf/pdfjs");
  const missing: string[] = [];
  const task = getDocument({
    // It takes the buffer for itself.
    data: bytes.slice(),
    // What it would leave out without a word is an error.
    stopAtErrors: true,
    verbosity: 0,
    disableFontFace: true,
    useSystemFonts: false,
    useWorkerFetch: false,
    useWasm: false,
    BinaryDataFactory: missingData(missing),
  });
  try {
    const pdf = await task.promise;
    const text = await documentText(pdf, { name, signal }, maxCharacters(bytes.length));
    requireTables(missing, name);
    return text;
  } catch (error) {
    requireTables(missing, name);
    throw refusal(error, name);
  } finally {
    await task.destroy();
  }
}

/** A file that is cut short is read by many readers as an older state of itself, or without its last pages. */
function requireEnd(bytes: Uint8Array, name: string): void {
  let end = bytes.length;
  // What a transfer or a tape fills up with.
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d || bytes[end - 1] === 0x20)) end--;
  if (asLatin1(bytes.subarray(Math.max(0, end - endMarkBytes), end)).includes("%%EOF")) return;
  throw new LongspanError("truncated", `${name} is a PDF that ends before its end (there is no %%EOF). Get it again, whole.`, {
    details: { name, size: bytes.length },
  });
}

async function documentText(
  pdf: PDFDocumentProxy,
  { name, signal }: PdfOptions,
  maxLength: number,
): Promise<PlacedText & { readonly warnings: readonly string[] }> {
  const collector = textCollector();
  const empty: number[] = [];
  const unnamed: number[] = [];
  let read = 0;
  for (let number = 1; number <= pdf.numPages; number++) {
    throwIfAborted(signal);
    const page = await pdf.getPage(number);
    const before = read;
    const check = (ofPage: number): void => {
      throwIfAborted(signal);
      read = before + ofPage;
      if (read <= maxLength) return;
      throw new LongspanError(
        "limit-exceeded",
        `${name} comes to more than ${maxLength} characters, which are too many for a PDF of its size.`,
        {
          details: { name, limit: maxLength },
        },
      );
    };
    const { isEmpty, hasUnnamed } = await addPage(collector, page, number, check);
    if (isEmpty) empty.push(number);
    if (hasUnnamed) unnamed.push(number);
    page.cleanup();
  }
  if (empty.length === pdf.numPages) {
    throw new LongspanError(
      "unsupported",
      `${name} has no text on ${pdf.numPages === 1 ? "its page" : `any of its ${pdf.numPages} pages`}: it is scanned, or drawn. Recognise its text first (OCR, such as ocrmypdf), and give that.`,
      { details: { name, pages: pdf.numPages } },
    );
  }
  await requirePages(pdf, collector, name);
  const unread = [
    empty.length === 0 ? "" : `${name} has no text on ${pagesInWords(empty)}: blank, or pictures, which are not read.`,
    unnamed.length === 0 ? "" : `${name} has characters on ${pagesInWords(unnamed)} that its fonts give no names; they are left out.`,
  ];
  return { ...collector.result(), warnings: unread.filter((warning) => warning !== "") };
}

/**
 * @param check throws where no more is to be read, after so many characters of the page
 * @returns whether the page has no text, and whether it has characters of which nobody knows which they are
 */
async function addPage(
  collector: TextCollector,
  page: PDFPageProxy,
  number: number,
  check: (ofPage: number) => void,
): Promise<{ readonly isEmpty: boolean; readonly hasUnnamed: boolean }> {
  let line = 1;
  let position = { page: number, line };
  // Pages are apart as paragraphs are.
  let gap = collector.length === 0 ? "" : "\n\n";
  let [isEmpty, hasUnnamed] = [true, false];
  const add = (text: string): void => {
    if (text === "") return;
    if (text.trim() !== "") isEmpty = false;
    collector.add(gap + text, position);
    gap = "";
  };
  const endLine = (): void => {
    if (gap === "") gap = "\n";
    position = { page: number, line: ++line };
  };
  const lines = pageLines();
  for await (const { items } of textOf(page)) {
    check(lines.length);
    for (const item of items) {
      if (!("str" in item)) continue;
      const { str } = item;
      if (str.includes("\0")) hasUnnamed = true;
      const text = lines.add({ ...(item as PageItem), str: str.replaceAll("\0", "") });
      if (text === undefined || text.trim() === "") continue;
      add(text);
      endLine();
    }
  }
  add(lines.rest());
  for (const { subtype, hidden, password, contentsObj, fieldType, fieldValue, alternativeText } of await page.getAnnotations()) {
    if (hidden === true || password === true) continue;
    // What was typed onto the page, as programs do that know no forms.
    if (subtype === "FreeText" && typeof contentsObj?.str === "string" && contentsObj.str.trim() !== "") {
      endLine();
      add(contentsObj.str.replaceAll(/\r\n?|\n/g, " "));
    }
    if ((fieldType !== "Tx" && fieldType !== "Ch") || fieldValue === null || fieldValue === undefined || fieldValue === "") continue;
    endLine();
    const label = typeof alternativeText === "string" && alternativeText !== "" ? `${alternativeText}: ` : "";
    add(label + (Array.isArray(fieldValue) ? fieldValue.join(", ") : String(fieldValue)).replaceAll(/\r\n?|\n/g, " "));
  }
  return { isEmpty, hasUnnamed };
}

/** Piece by piece; streams that are gone through by themselves are not in all browsers. */
async function* textOf(page: PDFPageProxy): AsyncGenerator<TextContent, void, void> {
  const reader = (page.streamTextContent() as ReadableStream<TextContent>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Forms of XFA have a single page that asks for another reader. */
async function requirePages(pdf: PDFDocumentProxy, collector: TextCollector, name: string): Promise<void> {
  const { info } = await pdf.getMetadata();
  if (!("IsXFAPresent" in info) || info.IsXFAPresent !== true || !collector.result().text.startsWith("Please wait")) return;
  throw new LongspanError("unsupported", `${name} is an XFA form, which is not read. Print it to a PDF, and give that.`, {
    details: { name },
  });
}

/** The tables of characters (CMaps) and the fonts that pdf.js would fetch: none are here. Which tables were wanted is noted; text needs no fonts. */
function missingData(missing: string[]): new () => object {
  return class {
    async fetch({ kind, filename }: { readonly kind: string; readonly filename: string }): Promise<Uint8Array> {
      if (kind === "cMapUrl") missing.push(filename);
      throw new Error(`${filename} is not here`);
    }
  };
}

/** Text by such a table is left out without a word, or comes as other text. @throws LongspanError `unsupported`. */
function requireTables([table]: readonly string[], name: string): void {
  if (table === undefined) return;
  throw new LongspanError(
    "unsupported",
    `${name} is in a Chinese, Japanese or Korean font that is not in the file (by the table ${table}), which is not read. Save it with its fonts embedded (PDF/A), and give that.`,
    { details: { name, table } },
  );
}

function refusal(error: unknown, name: string): unknown {
  if (LongspanError.isInstance(error)) return error;
  const { name: kind, message } = error instanceof Error ? error : { name: "", message: String(error) };
  if (kind === "PasswordException") {
    return encryptedRefusal(name, error);
  }
  return new LongspanError("malformed", `${name} is a damaged PDF (${message}). Get it again, or print it anew to a PDF.`, {
    cause: error,
    details: { name },
  });
}

function pagesInWords(pages: readonly number[]): string {
  const shown = pages.length > 12 ? `${pages.slice(0, 12).join(", ")} and ${pages.length - 12} more` : pages.join(", ");
  return pages.length === 1 ? `page ${shown}` : `pages ${shown}`;
}
