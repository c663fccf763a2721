import type { Place, Position } from "../document.ts";

/** A place for people: `contract.pdf, page 12, line 4`; `letter.docx, paragraphs 7 to 8`; `notes.txt, line 3`. */
export function describePlace(place: Place): string {
  const { name, last = {} } = place;
  const parts = counted.flatMap(([key, word]) => describePart(place, last, key, word));
  const note = place.note === undefined ? [] : [place.note];
  return [name, ...note, ...parts].join(", ");
}

const counted = [
  ["page", "page"],
  ["paragraph", "paragraph"],
  ["line", "line"],
] as const;

function describePart(first: Position, last: Position, key: "page" | "paragraph" | "line", word: string): readonly string[] {
  const from = first[key];
  if (from === undefined) return [];
  const to = last[key];
  // Lines count anew on each page: of a piece that goes over to another, the pages are enough.
  if (key === "line" && last.page !== undefined && last.page !== first.page) return [];
  return to === undefined || to === from ? [`${word} ${from}`] : [`${word}s ${from} to ${to}`];
}
