import type { Position } from "../../document.ts";
import type { TextCollector } from "../../place/placed-text.ts";
import type { XmlListener } from "./read-xml.ts";

/** What is in these is not the document's text as it reads now: deleted, moved away, and what stands for readers of other programs. */
const leftOut = new Set(
  // `w:rt` says how the characters below it are pronounced.
  ["w:del", "w:moveFrom", "mc:Fallback", "w:pPrChange", "w:rPrChange", "w:sectPrChange", "w:tblPrChange", "w:rt"],
);

/** What a formula has between its parts, on one line (17 and 22.1 of ISO/IEC 29500-1). */
const betweenParts: Readonly<Record<string, string>> = { "m:den": "/", "m:sup": "^", "m:sub": "_" };

/**
 * Gathers the paragraphs of a part.
 * @param note of a part of notes: what each is called, `footnote`
 */
export function paragraphReader(collector: TextCollector, note?: string): XmlListener {
  const parents: string[] = [];
  // Of a paragraph with a text box in it, the box's paragraphs come before it ends.
  const open: Position[] = [];
  /** Of tables in tables: where the cell begins, and what stands before it. */
  const cells: { readonly begin: number; readonly gap: string }[] = [];
  /** Of controls in controls: whether their text is only the place of one. */
  const controls: boolean[] = [];
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
      } else if (element === "w:tc") cells.push({ begin: collector.length, gap });
      else if (element === "w:sdt") controls.push(false);
      else if (element === "w:showingPlcHdr" && parent === "w:sdtPr" && controls.length > 0)
        controls[controls.length - 1] = !isOff(attributes["w:val"]);
      else if (element === "w:sdtContent" && controls.at(-1) === true) skipped++;
      else if (element === "w:r") isHidden = false;
      else if (Object.hasOwn(betweenParts, element) && parent?.startsWith("m:") === true) write(betweenParts[element] ?? "");
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
      } else if (element === "w:tc") {
        const { begin, gap: before } = cells.pop() ?? { begin: 0, gap: "" };
        // An empty cell has its place, too.
        separate(collector.length === begin ? `${before}\t` : "\t");
      } else if (element === "w:sdtContent" && controls.at(-1) === true) skipped--;
      else if (element === "w:sdt") controls.pop();
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
