/** What files of other kinds begin with, by which they are named when they are refused. */
const signatures: readonly (readonly [bytes: string, at: number, kind: FileKind])[] = [
  ["PK\u0003\u0004", 0, { kind: "zip" }],
  ["PK\u0005\u0006", 0, { kind: "zip" }],
  ["\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1", 0, { kind: "ole" }],
  [String.raw`{\rtf`, 0, { kind: "other", what: "an RTF file", wayOut: "Save it as .docx" }],
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
  ["%!PS", 0, { kind: "other", what: "a PostScript file", wayOut: "Make a PDF of it (ps2pdf)" }],
  ["\u001f\u008b", 0, archive("gzip")],
  ["BZh", 0, archive("bzip2")],
  ["\u00fd7zXZ", 0, archive("xz")],
  ["7z\u00bc\u00af", 0, archive("7z")],
  ["Rar!", 0, archive("RAR")],
  ["\u0028\u00b5\u002f\u00fd", 0, archive("zstd")],
];

/** What a file is by its first bytes. */
export type FileKind =
  | { readonly kind: "pdf" | "zip" | "ole" | "text" }
  | { readonly kind: "other"; readonly what: string; readonly wayOut: string };

function picture(format: string): FileKind {
  return { kind: "other", what: `a picture (${format})`, wayOut: "Recognise its text first (OCR), and give that" };
}

function archive(format: string): FileKind {
  return { kind: "other", what: `a ${format} archive`, wayOut: "Unpack it, and give the documents in it" };
}

/** Readers of PDF look for its mark this far into a file (ISO 32000-1, Annex H, note 13). */
const pdfMarkBytes = 1024;

export function fileKindOf(bytes: Uint8Array): FileKind {
  const head = asLatin1(bytes.subarray(0, pdfMarkBytes));
  const found = signatures.find(([mark, at]) => head.startsWith(mark, at));
  if (found !== undefined) return found[2];
  // BMP has but two letters, and zeros where a text would have none.
  if (head.startsWith("BM") && head.slice(6, 10) === "\0\0\0\0") return picture("BMP");
  return { kind: head.includes("%PDF-") ? "pdf" : "text" };
}

/** Each byte as the character of its number. */
export function asLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}
