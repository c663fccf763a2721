import { LongspanError } from "@longspan/core";
import type { ZipArchive } from "../../bytes/zip-archive.ts";
import { textCollector, type PlacedText } from "../../place/placed-text.ts";
import { paragraphReader } from "./paragraph-reader.ts";
import { readXml } from "./read-xml.ts";

/**
 * The paragraphs of a .docx (ISO/IEC 29500, WordprocessingML) in the order in which they stand in the file, each on a line of its own, the cells of a table's row with
 * tabs between; footnotes and endnotes after them. Text that was deleted while changes were tracked, and hidden text, is not read; nor are headers, footers,
 * comments and the numbers of lists.
 * @throws LongspanError `malformed`, `limit-exceeded`.
 */
export async function wordText(archive: ZipArchive, name: string, signal: AbortSignal | undefined): Promise<PlacedText> {
  const main = (await relatedParts(archive, name, "", signal)).get("officeDocument") ?? "word/document.xml";
  const collector = textCollector();
  const body = paragraphReader(collector);
  if (!(await readXml(archive, main, body, { name, signal }))) {
    throw new LongspanError("malformed", `${name} has no ${main}, where a .docx has its text. Open it and save it anew.`, {
      details: { name, part: main },
    });
  }
  const related = await relatedParts(archive, name, main, signal);
  for (const [type, word] of [
    ["footnotes", "footnote"],
    ["endnotes", "endnote"],
  ] as const) {
    const part = related.get(type);
    if (part !== undefined) await readXml(archive, part, paragraphReader(collector, word), { name, signal });
  }
  return collector.result();
}

/** The parts that a part refers to, by the last word of their relationship's type (ISO/IEC 29500-2, 8.3). "" is the package itself. */
async function relatedParts(
  archive: ZipArchive,
  name: string,
  part: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const folder = part.slice(0, part.lastIndexOf("/") + 1);
  const related = new Map<string, string>();
  await readXml(
    archive,
    `${folder}_rels/${part.slice(folder.length)}.rels`,
    {
      open(element, attributes) {
        const { Type: type = "", Target: target = "" } = attributes;
        if (element !== "Relationship" || attributes.TargetMode === "External") return;
        related.set(type.slice(type.lastIndexOf("/") + 1), resolved(folder, target));
      },
    },
    { name, signal },
  );
  return related;
}

/** The name in the archive; of a target that is no address, one that no file has. */
function resolved(folder: string, target: string): string {
  const path = URL.canParse(target, `zip:/${folder}`) ? new URL(target, `zip:/${folder}`).pathname.slice(1) : "";
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
