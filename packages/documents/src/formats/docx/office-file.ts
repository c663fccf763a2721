import { LongspanError } from "@longspan/core";
import { asLatin1 } from "../../bytes/signature.ts";

/** What an archive without a Word document is, by names in it. */
const others: readonly (readonly [part: RegExp, what: string])[] = [
  [/^xl\//, "a spreadsheet (.xlsx)"],
  [/^ppt\//, "a presentation (.pptx)"],
  [/^META-INF\/container\.xml$/, "an EPUB"],
  [/^content\.xml$/, "an OpenDocument file (.odt and the like)"],
  [/^Index\/.*\.iwa$/, "an iWork file (.pages and the like)"],
];

/** @throws LongspanError `unsupported` unless the archive is a .docx. */
export function requireWordArchive(names: readonly string[], name: string): void {
  if (names.includes("[Content_Types].xml") && names.some((part) => part.startsWith("word/"))) return;
  const found = others.find(([part]) => names.some((entry) => part.test(entry)));
  throw new LongspanError(
    "unsupported",
    found === undefined
      ? `${name} is a zip archive. Unpack it, and give the documents in it.`
      : `${name} is ${found[1]}, which is not read. Save it as PDF or .docx, and give that.`,
    { details: { name } },
  );
}

/** What an OLE file is: an Office document under a password, or one of Office 97. */
export function oleRefusal(bytes: Uint8Array, name: string): LongspanError {
  const isEncrypted = asLatin1(bytes).includes("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0");
  return new LongspanError(
    "unsupported",
    isEncrypted
      ? `${name} is encrypted. Save it without a password, and give that.`
      : `${name} is a file of Office 97 to 2003 (.doc and the like). Save it as .docx, and give that.`,
    { details: { name } },
  );
}
