import type { Share } from "./attention-picture.ts";

const depths = [1, 2, 3, 4, 5] as const;

/** Colours the document's tokens by how much they were looked at, and the one that is pointed at, without touching the text's elements. */
export function heatDocument(shares: readonly Share[], pointed: { readonly start: number; readonly end: number } | undefined): void {
  if (!("highlights" in CSS)) return;
  const inDocument = shares.filter(({ token, share }) => token.start !== undefined && share > 0);
  const most = Math.max(...inDocument.map(({ share }) => share), 0);
  for (const depth of depths) {
    const ranges = inDocument
      .filter(({ share }) => Math.ceil(Math.sqrt(share / most) * depths.length) === depth)
      .flatMap(({ token }) => rangeOf(token.start ?? 0, token.end ?? 0) ?? []);
    CSS.highlights.set(`heat-${depth}`, new Highlight(...ranges));
  }
  const range = pointed === undefined ? undefined : rangeOf(pointed.start, pointed.end);
  if (range === undefined) CSS.highlights.delete("pointed");
  else CSS.highlights.set("pointed", new Highlight(range));
}

export function clearHeat(): void {
  if (!("highlights" in CSS)) return;
  for (const depth of depths) CSS.highlights.delete(`heat-${depth}`);
  CSS.highlights.delete("pointed");
}

/** A piece of the text that is shown, by offsets into the document. */
function rangeOf(start: number, end: number): Range | undefined {
  const [from, to] = [pointAt(start), pointAt(end)];
  if (from === undefined || to === undefined) return undefined;
  const range = new Range();
  range.setStart(from.node, from.offset);
  range.setEnd(to.node, to.offset);
  return range;
}

function pointAt(offset: number): { readonly node: Text; readonly offset: number } | undefined {
  const chunks = document.querySelectorAll<HTMLElement>(".document .chunk");
  let [low, high] = [0, chunks.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (Number(chunks[middle]?.dataset["start"]) <= offset) low = middle;
    else high = middle - 1;
  }
  const chunk = chunks[low];
  if (chunk === undefined) return undefined;
  let left = offset - Number(chunk.dataset["start"]);
  const walker = document.createTreeWalker(chunk, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node as Text;
    if (left <= text.length) return { node: text, offset: left };
    left -= text.length;
  }
  return undefined;
}
