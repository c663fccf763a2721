import { LongspanError } from "@longspan/core";
import { checkOptions, type OptionNames, throwIfAborted } from "@longspan/core/adapter";
import { decodeText } from "./bytes/decode-text.ts";
import { asLatin1 } from "./kind/as-latin1.ts";
import { documentFileOf } from "./kind/document-file-of.ts";
import { zipArchive } from "./bytes/zip-archive.ts";
import type { Document } from "./document.ts";
import { requireWordArchive } from "./formats/docx/office-file.ts";
import { wordText } from "./formats/docx/word-document.ts";
import { htmlText } from "./formats/html.ts";
import { markdownText } from "./formats/markdown.ts";
import { pdfText } from "./formats/pdf/pdf.ts";
import { plainText } from "./formats/plain-text.ts";
import { placedDocument, type PlacedText } from "./place/placed-text.ts";

/** What a document is called, and what it is said to be. */
export interface ReadDocumentOptions {
  /** A path, a URL or a file's name: for places and messages, and by its ending it says that a text is HTML or Markdown. */
  readonly name: string;
  /** What a server calls it (`text/html; charset=iso-8859-1`); the bytes of a PDF or an archive say more, and win. */
  readonly mediaType?: string | undefined;
  /** Of a text: a label of the Encoding Standard, such as `latin1`. Default: as its first bytes or its declaration say, else UTF-16 or UTF-8 as it looks. */
  readonly encoding?: string | undefined;
  /** Ends the reading when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

const optionNames: OptionNames<ReadDocumentOptions> = { name: true, mediaType: true, encoding: true, signal: true };

/** More than any document has, and as much as a text of it may take. */
export const maxDocumentBytes: number = 2 ** 27;

/**
 * The text of a PDF, a .docx, HTML, Markdown or a plain text, with where in the file each piece of it stands. Which it is, its bytes say, and of texts the media type or
 * the name. Parsers are loaded when they are needed.
 * @param bytes the whole file; they stay as they are
 * @throws LongspanError `unsupported` for pictures, scanned and encrypted files, and kinds that are not read, by their names; `inputs-invalid` for bytes that are no text
 * in their encoding; `argument-invalid` for an encoding that is none, and for options that there are not; `truncated`, `malformed`, `limit-exceeded`, `aborted`.
 */
export async function readDocument(bytes: Uint8Array, options: ReadDocumentOptions): Promise<Document> {
  checkOptions(options, optionNames, "readDocument");
  const { name, mediaType, encoding, signal } = options;
  throwIfAborted(signal);
  if (bytes.length > maxDocumentBytes) {
    throw new LongspanError("limit-exceeded", `${name} is ${bytes.length} bytes long; a document has at most ${maxDocumentBytes}.`, {
      details: { name, size: bytes.length, limit: maxDocumentBytes },
    });
  }
  const own = ownBytes(bytes);
  const found = documentFileOf(own, { name, mediaType, encoding });
  if (found.kind === "refused")
    throw new LongspanError("unsupported", `${name} ${found.why}`, {
      details: { name, ...(found.encrypted === true ? { encrypted: true } : {}) },
    });
  if (found.kind === "pdf") {
    const { warnings, ...text } = await pdfText(own, { name, signal });
    return placedDocument({ name, kind: "pdf", warnings }, text);
  }
  if (found.kind === "zip") {
    const archive = await zipArchive(own, name);
    requireWordArchive(archive.names, name);
    return placedDocument({ name, kind: "docx" }, await wordText(archive, name, signal));
  }
  const { kind } = found;
  const declared = charsetOf(mediaType);
  const text = decodeText(own, { name, encoding, declared: declared ?? (kind === "html" ? declaredCharset(own) : undefined) });
  return placedDocument({ name, kind }, await readers[kind](text, name));
}

const readers: Readonly<Record<"text" | "markdown" | "html", (text: string, name: string) => PlacedText | Promise<PlacedText>>> = {
  text: plainText,
  markdown: markdownText,
  html: htmlText,
};

/** Views of memory that is shared between threads are not taken by what decodes and inflates. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes);
}

function charsetOf(mediaType: string | undefined): string | undefined {
  return /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(mediaType ?? "")?.[1];
}

/** What a page says of itself in its first bytes (HTML Standard, "prescan a byte stream to determine its encoding"). */
function declaredCharset(bytes: Uint8Array): string | undefined {
  const head = asLatin1(bytes.subarray(0, 1024));
  const [, label] =
    /<meta\b[^>]{0,200}\bcharset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head) ??
    // XHTML says it as XML does.
    /^\s*<\?xml\b[^>]{0,200}\bencoding\s*=\s*["']([\w.:-]+)/i.exec(head) ??
    [];
  // A page that can be read for these words is not in UTF-16.
  return label !== undefined && /^utf-?16/i.test(label) ? "utf-8" : label;
}
