import { LongspanError } from "@longspan/core";

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
