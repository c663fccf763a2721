import { asLatin1 } from "./as-latin1.ts";
import type { DocumentFile, DocumentFileOptions } from "./document-file.ts";
import { signatureOf } from "./signature.ts";
import { isUtf8, markedEncoding, wideEncoding } from "./utf.ts";

/** Documents are marked this far into a file (ISO 32000-1, Annex H, notes 13 and 18), and texts begin. */
const headBytes = 1024;

/** What a file is: its bytes say it, and of texts the media type or the name. No parser is loaded for it. */
export function documentFileOf(bytes: Uint8Array, options: DocumentFileOptions): DocumentFile {
  const head = asLatin1(bytes.subarray(0, headBytes));
  const found = signatureOf(head, bytes);
  if (found !== undefined) return found;
  if (isPdf(head, bytes)) return { kind: "pdf", what: "a PDF" };
  const kind = textKindOf(head, options);
  const { encoding } = options;
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) return { kind, what: `to be read in the encoding ${encoding}`, isUtf8: false };
  if (markedEncoding(bytes)?.startsWith("utf-16") === true || wideEncoding(bytes) !== undefined)
    return { kind, what: "text in UTF-16", isUtf8: false };
  return isUtf8(bytes) ? { kind, what: words[kind], isUtf8: true } : { kind, what: "not text in UTF-8", isUtf8: false };
}

const words = { html: "HTML", markdown: "Markdown", text: "text" } as const;

/** A text about such files has their mark, too, but not their end. */
function isPdf(head: string, bytes: Uint8Array): boolean {
  if (/^[\0\t\n\f\r \u00ef\u00bb\u00bf]*%PDF-/.test(head)) return true;
  return /%PDF-\d/.test(head) && asLatin1(bytes.subarray(-headBytes)).includes("%%EOF");
}

function textKindOf(head: string, { name, mediaType = "" }: DocumentFileOptions): "html" | "markdown" | "text" {
  if (/^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(mediaType)) return "html";
  if (/^\s*text\/(?:x-)?markdown\b/i.test(mediaType)) return "markdown";
  const path = URL.canParse(name) ? new URL(name).pathname : name;
  if (/\.(?:md|markdown|mdown|mkd)$/i.test(path)) return "markdown";
  if (/\.(?:x?html?|xht)$/i.test(path)) return "html";
  // Without its zeros, so that it is seen in UTF-16, too.
  return /^[^\w<]*(?:<\?xml\b[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*(?:<!doctype\s+html|<html)\b/i.test(head.replaceAll("\0", ""))
    ? "html"
    : "text";
}
