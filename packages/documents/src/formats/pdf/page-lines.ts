/** A piece of a page's text as pdf.js gives it: a string in the order in which it is read, and where it stands. */
export interface PageItem {
  readonly str: string;
  /** Of its glyphs' space to the page's, as in PDF: `[a, b, c, d, x, y]`. */
  readonly transform: readonly number[];
  readonly width: number;
  /** Which way pdf.js took it to be read; `rtl` is from right to left. */
  readonly dir: string;
  readonly hasEOL: boolean;
}

/** Gathers a page's items into its lines. */
export interface PageLines {
  /** @returns the line that this item ends; undefined while it goes on */
  add(item: PageItem): string | undefined;
  /** What is left of a line that does not end. */
  rest(): string;
  /** Characters of all items, those that are left out among them. */
  readonly length: number;
}

/** Programs that have no bold font print twice, so much of the font's size apart. */
const boldShift = 0.1;

/** So many items back is looked for the same one. */
const remembered = 64;

/**
 * Lines of a page. What is printed twice in one place, to look bold, is read once. Items of a line from right to left that a program painted from left to right, as Chrome does,
 * are put in the order in which they are read.
 */
export function pageLines(): PageLines {
  let line: PageItem[] = [];
  let length = 0;
  const recent: PageItem[] = [];
  const isPrintedAgain = (item: PageItem): boolean => {
    if (item.str.trim() === "") return false;
    const isThere = recent.some((one) => one.str === item.str && isSamePlace(one.transform, item.transform));
    recent.push(item);
    if (recent.length > remembered) recent.shift();
    return isThere;
  };
  const end = (): string => {
    const text = inReadingOrder(line);
    line = [];
    return text;
  };
  return {
    add(item) {
      length += item.str.length;
      if (!isPrintedAgain(item)) line.push(item);
      return item.hasEOL ? end() : undefined;
    },
    rest: end,
    get length() {
      return length;
    },
  };
}

function isSamePlace(one: readonly number[], other: readonly number[]): boolean {
  const [a = 0, b = 0, , , x = 0, y = 0] = one;
  const [c = 0, d = 0, , , left = 0, top = 0] = other;
  return a === c && b === d && Math.hypot(x - left, y - top) <= boldShift * Math.hypot(a, b);
}

/** Letters that are read from right to left; digits are not. */
const rightToLeft = /[\u0590-\u05ff\u0600-\u065f\u066a-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** Arabic letters in the shapes that they have within words: they are the same letters (Unicode, "Arabic Presentation Forms"). */
const shapes = /[\ufb50-\ufdfb\ufe70-\ufefc]+/g;

function inReadingOrder(items: readonly PageItem[]): string {
  const text = items.map(({ str }) => str).join("");
  if (!rightToLeft.test(text)) return text;
  let last: PageItem | undefined;
  let written = "";
  for (const run of ascending(items)) {
    const [first] = run;
    if (first !== undefined && last !== undefined && isApart(first, last)) written += " ";
    last = run.at(-1);
    written += run.length === 1 ? (first?.str ?? "") : runInReadingOrder(run);
  }
  return written.trimEnd().replaceAll(shapes, (found) => found.normalize("NFKC"));
}

/** Items each of which stands further right than the one before: what was written in reading order goes back to the left. */
function ascending(items: readonly PageItem[]): readonly (readonly PageItem[])[] {
  const runs: PageItem[][] = [];
  let last = Number.NaN;
  for (const item of items) {
    const [, , , , x = 0] = item.transform;
    if (x >= last) runs.at(-1)?.push(item);
    else runs.push([item]);
    last = x;
  }
  return runs;
}

/** Spaces towards the right pdf.js finds itself. */
function isApart(item: PageItem, before: PageItem): boolean {
  const [size = 0, , , , x = 0] = item.transform;
  const [, , , , right = 0] = before.transform;
  return right - (x + item.width) > 0.15 * size && !/\s$/.test(before.str) && !/^\s/.test(item.str);
}

type Direction = "right" | "left";

interface Unit {
  readonly text: string;
  /** Where to it is read; undefined for what has no direction of its own. */
  readonly direction: Direction | undefined;
}

/** What the Unicode Bidirectional Algorithm does at its end, undone (UAX 9, rules N1, N2, L2 and L4). */
function runInReadingOrder(run: readonly PageItem[]): string {
  const units = run.flatMap(unitsOf);
  const line = directionOf(units);
  const before = lastDirections(units, line);
  const after = lastDirections(units.toReversed(), line).toReversed();
  const runs: { readonly direction: Direction; readonly units: Unit[] }[] = [];
  for (const [index, unit] of units.entries()) {
    const direction = unit.direction ?? (before[index] === after[index] ? before[index] : line) ?? line;
    if (runs.at(-1)?.direction === direction) runs.at(-1)?.units.push(unit);
    else runs.push({ direction, units: [unit] });
  }
  const ordered = line === "left" ? runs.toReversed() : runs;
  const textWith = (isMirrored: (direction: Direction) => boolean): string =>
    ordered
      .flatMap(({ direction, units: own }) => {
        const shown = own.map(({ text }) => (isMirrored(direction) ? (mirrored.get(text) ?? text) : text));
        return direction === "left" ? shown.toReversed() : shown;
      })
      .join("");
  // Some programs say what a bracket looks like, others which one it is, some of them of brackets around a word alone.
  const texts = [textWith((direction) => direction === "left"), textWith(() => false), textWith(() => true)];
  return texts.toSorted((one, other) => strayBrackets(one) - strayBrackets(other))[0] ?? "";
}

/** Of each unit the direction that the last one has, itself included, that has one. */
function lastDirections(units: readonly Unit[], line: Direction): Direction[] {
  let last = line;
  return units.map(({ direction }) => (last = direction ?? last));
}

/** Brackets that close what is not open. */
function strayBrackets(text: string): number {
  let [open, stray] = [0, 0];
  for (const character of text) {
    if ("([{".includes(character)) open++;
    else if (")]}".includes(character) && open-- === 0) [open, stray] = [0, stray + 1];
  }
  return stray;
}

/**
 * Of a whole line, which nothing says: the end of its sentence stands where it ends; a line whose ends are of one direction is most likely of that; of others most letters
 * decide.
 */
function directionOf(units: readonly Unit[]): Direction {
  const words = units.filter(({ text }) => text.trim() !== "");
  const isEnd = (unit: Unit | undefined): boolean => /[.!?\u061f\u06d4:,\u060c]$/.test(unit?.text ?? "");
  if (isEnd(words.at(-1))) return "right";
  if (isEnd(words[0])) return "left";
  const lettered = words.filter(({ text, direction }) => direction !== undefined && /\p{L}/u.test(text));
  if (lettered[0]?.direction !== undefined && lettered[0].direction === lettered.at(-1)?.direction) return lettered[0].direction;
  const lettersTo = (wanted: Direction): number =>
    units.reduce((sum, { text, direction }) => sum + (direction === wanted ? (text.match(/\p{L}/gu)?.length ?? 0) : 0), 0);
  return lettersTo("left") >= lettersTo("right") ? "left" : "right";
}

const mirrored: ReadonlyMap<string, string> = /*#__PURE__*/ new Map(
  ["()", "[]", "{}", "<>", "«»", "‹›"].flatMap(([a = "", b = ""]) => [[a, b] as const, [b, a] as const]),
);

/**
 * The parts of an item from left to right. Each has its own order already; of a whole item that it took to be read from right to left, pdf.js has turned the order of
 * its parts, too.
 */
function unitsOf({ str, dir }: PageItem): readonly Unit[] {
  const units: { text: string; direction: Direction | undefined }[] = [];
  let marks = "";
  const addMarks = (): void => {
    units.push(...Array.from(marks, (text) => ({ text, direction: undefined })));
    marks = "";
  };
  for (const character of str) {
    const direction = rightToLeft.test(character) ? "left" : /[\p{L}\p{N}]/u.test(character) ? "right" : undefined;
    const last = units.at(-1);
    if (direction === undefined) marks += character;
    else if (last?.direction === direction) {
      last.text += marks + character;
      marks = "";
    } else {
      addMarks();
      units.push({ text: character, direction });
    }
  }
  addMarks();
  return dir === "rtl" ? units.toReversed() : units;
}
