import { asLatin1 } from "./as-latin1.ts";
import type { DocumentFile } from "./document-file.ts";

const zip: DocumentFile = { kind: "zip", what: "a .docx or another archive" };

/** What files of other kinds begin with, by which they are named when they are refused. */
const signatures: readonly (readonly [bytes: string, at: number, kind: DocumentFile | "ole"])[] = [
  ["PK\u0003\u0004", 0, zip],
  ["PK\u0005\u0006", 0, zip],
  ["\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1", 0, "ole"],
  [String.raw`{\rtf`, 0, notRead("an RTF file", "Save it as .docx, and give that")],
  ["\u0089PNG", 0, picture("PNG")],
  ["\u00ff\u00d8\u00ff", 0, picture("JPEG")],
  ["GIF8", 0, picture("GIF")],
  ["II*\0", 0, picture("TIFF")],
  ["MM\0*", 0, picture("TIFF")],
  ["WEBP", 8, picture("WebP")],
  ["ftypheic", 4, picture("HEIC")],
  ["ftypmif1", 4, picture("HEIF")],
  ["ftypavif", 4, picture("AVIF")],
  ["AT&TFORM", 0, picture("DjVu")],
  ["%!PS", 0, notRead("a PostScript file", "Make a PDF of it (ps2pdf), and give that")],
  ["\u001f\u008b", 0, archive("gzip")],
  ["BZh", 0, archive("bzip2")],
  ["\u00fd7zXZ", 0, archive("xz")],
  ["7z\u00bc\u00af", 0, archive("7z")],
  ["Rar!", 0, archive("RAR")],
  ["\u0028\u00b5\u002f\u00fd", 0, archive("zstd")],
];

function notRead(what: string, wayOut: string): DocumentFile {
  return { kind: "refused", why: `is ${what}, which is not read. ${wayOut}.` };
}

function picture(format: string): DocumentFile {
  return notRead(`a picture (${format})`, "Recognise its text first (OCR), and give that");
}

function archive(format: string): DocumentFile {
  return notRead(`a ${format} archive`, "Unpack it, and give the documents in it");
}

/** What a file is that begins with the mark of another kind than PDF or text. */
export function signatureOf(head: string, bytes: Uint8Array): DocumentFile | undefined {
  const found = signatures.find(([mark, at]) => head.startsWith(mark, at));
  if (found !== undefined) return found[2] === "ole" ? officeFile(bytes) : found[2];
  // BMP has but two letters, and zeros where a text would have none.
  return head.startsWith("BM") && head.slice(6, 10) === "\0\0\0\0" ? picture("BMP") : undefined;
}

/** What an OLE file is: an Office document under a password, or one of Office 97. */
function officeFile(bytes: Uint8Array): DocumentFile {
  const isEncrypted = asLatin1(bytes).includes("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0");
  return isEncrypted
    ? { kind: "refused", why: "is encrypted. Save it without a password, and give that.", encrypted: true }
    : { kind: "refused", why: "is a file of Office 97 to 2003 (.doc and the like). Save it as .docx, and give that." };
}
