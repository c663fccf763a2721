import { installCommand } from "../runtimes/install-command.ts";

/** What a document is that is not read here. */
export interface ReaderNeed {
  /** `a PDF` */
  readonly what: string;
  /** Whether it could be read as it stands, with its markup. */
  readonly isText: boolean;
  /** What to do with a kind of file that no reader reads. */
  readonly wayOut?: string | undefined;
  /** What installs a reader. */
  readonly install: string;
}

export interface NamedBytes {
  readonly name: string;
  readonly mediaType: string | undefined;
  readonly encoding: string | undefined;
}

/** How far into a file the marks of its kind are looked for. */
const headLength = 1024;

/** Kinds of files that are bytes of ASCII, as a text is, and none. */
const otherKinds = [
  { mark: String.raw`{\rtf`, what: "an RTF file", wayOut: "Save it as .docx" },
  { mark: "%!PS", what: "a PostScript file", wayOut: "Make a PDF of it (ps2pdf)" },
] as const;

/** What a document is, unless it is plain text in UTF-8. */
export function readerNeed(bytes: Uint8Array, { name, mediaType = "", encoding }: NamedBytes): ReaderNeed | undefined {
  const install = installCommand("@longspan/documents");
  const need = (what: string, isText = false): ReaderNeed => ({ what, isText, install });
  const head = Buffer.from(bytes.subarray(0, headLength)).toString("latin1");
  const other = otherKinds.find(({ mark }) => head.startsWith(mark));
  if (other !== undefined) return { what: other.what, wayOut: other.wayOut, isText: false, install };
  if (head.includes("%PDF-")) return need("a PDF");
  if (["PK\u0003\u0004", "PK\u0005\u0006"].some((mark) => head.startsWith(mark))) return need("a .docx or another archive");
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) return need(`to be read in the encoding ${encoding}`);
  if (/^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(head) || bytes.includes(0)) return need("text in UTF-16, or no text");
  if (!isUtf8(bytes)) return need("not text in UTF-8");
  const path = URL.canParse(name) ? new URL(name).pathname : name;
  if (
    /^\s*(?:text\/html|application\/xhtml)/i.test(mediaType) ||
    /\.(?:x?html?|xht)$/i.test(path) ||
    /^[^\w<]*(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html)\b/i.test(head)
  )
    return need("HTML", true);
  if (/^\s*text\/(?:x-)?markdown/i.test(mediaType) || /\.(?:md|markdown|mdown|mkd)$/i.test(path)) return need("Markdown", true);
  return undefined;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
