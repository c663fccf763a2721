import type { Position } from "../../document.ts";
import type { TextCollector } from "../../place/placed-text.ts";
import type { XmlListener } from "./read-xml.ts";

/** What is in these is not the document's text as it reads now: deleted, moved away, and what stands for readers of other programs. */
const leftOut = new Set(["w:del", "w:moveFrom", "mc:Fallback", "w:pPrChange", "w:rPrChange", "w:sectPrChange", "w:tblPrChange"]);

/**
 * Gathers the paragraphs of a part.
 * @param note of a part of notes: what each is called, `footnote`
 */
export function paragraphReader(collector: TextCollector, note?: string): XmlListener {
  const parents: string[] = [];
  // Of a paragraph with a text box in it, the box's paragraphs come before it ends.
  const open: Position[] = [];
  let skipped = 0;
  let isHidden = false;
  let paragraphs = 0;
  let noteId: string | undefined;
  let gap = "";

  const write = (text: string): void => {
    const position = open.at(-1);
    if (position === undefined || skipped > 0 || isHidden || noteId === "") return;
    collector.add(gap + text, position);
    gap = "";
  };
  const separate = (wanted: string): void => {
    if (collector.length > 0) gap = wanted;
  };
  return {
    open(element, attributes) {
      const parent = parents.at(-1);
      parents.push(element);
      if (leftOut.has(element)) skipped++;
      else if (element === "w:p") {
        if (open.length > 0) separate("\n");
        open.push(note === undefined ? { paragraph: skipped > 0 ? paragraphs : ++paragraphs } : { note: `${note} ${noteId}` });
      } else if (element === "w:footnote" || element === "w:endnote") {
        // The lines between text and notes are such notes, too.
        noteId = attributes["w:type"] === undefined || attributes["w:type"] === "normal" ? (attributes["w:id"] ?? "?") : "";
        separate("\n");
      } else if (element === "w:r") isHidden = false;
      else if (element === "w:vanish" && parent === "w:rPr" && parents.at(-3) === "w:r") isHidden = !isOff(attributes["w:val"]);
      else if (parent === "w:r") write(characters[element]?.(attributes) ?? "");
    },
    close(element) {
      parents.pop();
      if (leftOut.has(element)) skipped--;
      else if (element === "w:r") isHidden = false;
      else if (element === "w:p") {
        open.pop();
        separate("\n");
      } else if (element === "w:tc") separate("\t");
      else if (element === "w:tr") separate("\n");
    },
    text(text) {
      const parent = parents.at(-1);
      if (parent === "w:t" || parent === "m:t") write(text);
    },
  };
}

/** Elements of a run that stand for characters (ISO/IEC 29500-1, 17.3.3). */
const characters: Readonly<Record<string, (attributes: Readonly<Record<string, string>>) => string>> = {
  "w:tab": () => "\t",
  "w:ptab": () => "\t",
  "w:br": () => "\n",
  "w:cr": () => "\n",
  "w:noBreakHyphen": () => "\u2011",
  "w:sym": ({ "w:char": code = "" }) => {
    const point = Number.parseInt(code, 16);
    return point > 0 && point <= 0xff_ff ? String.fromCharCode(point) : "";
  },
};

function isOff(value: string | undefined): boolean {
  return value === "0" || value === "false" || value === "off";
}
