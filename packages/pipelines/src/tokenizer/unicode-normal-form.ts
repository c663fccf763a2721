import { newCanonical, newCompatible, newOrdered } from "./library-characters.ts";
import { rewritePlaced, type PlacedChange, type PlacedText } from "./placed-text.ts";

export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/**
 * Unicode's normal forms, with places followed as the `tokenizers` library does (crate unicode-normalization-alignments): the first character
 * of a decomposition takes the character's place and the others are added; one that is composed of several takes the place of all.
 */
export function normalFormPlaced(given: PlacedText, form: NormalForm): PlacedText {
  if (given.text.normalize(form) === given.text) return given;
  const decomposed = decompose(given.text, form === "NFC" || form === "NFD" ? "NFD" : "NFKD");
  return rewritePlaced(given, form === "NFC" || form === "NFKC" ? compose(decomposed) : decomposed);
}

function decompose(text: string, form: "NFD" | "NFKD"): readonly PlacedChange[] {
  const changes: PlacedChange[] = [];
  /** Where marks that may still change places begin. */
  let pending = 0;
  const settle = (): void => {
    const marks = changes.splice(pending);
    changes.push(...marks.toSorted(([one], [other]) => (precedes(one, other) ? -1 : precedes(other, one) ? 1 : 0)));
    pending = changes.length;
  };
  for (const character of text) {
    let change = 0;
    for (const part of undecomposed.test(character) ? character : character.normalize(form)) {
      if (!isOrdered(part)) settle();
      changes.push([part, change]);
      if (!isOrdered(part)) pending = changes.length;
      change = 1;
    }
  }
  settle();
  return changes;
}

function compose(decomposed: readonly PlacedChange[]): readonly PlacedChange[] {
  const composed: PlacedChange[] = [];
  let base: PlacedChange | undefined;
  let marks: PlacedChange[] = [];
  const settle = (next: PlacedChange | undefined): void => {
    if (base !== undefined) composed.push(base, ...marks);
    base = next;
    marks = [];
  };
  for (const part of decomposed) {
    const [character, change] = part;
    const mark = isOrdered(character);
    if (base === undefined) {
      if (mark) composed.push(part);
      else base = part;
      continue;
    }
    const last = marks.at(-1);
    const blocked = last !== undefined && !(mark && precedes(last[0], character));
    const joined: string = blocked ? "" : (base[0] + character).normalize("NFC");
    if (!blocked && isOne(joined) && !undecomposed.test(joined)) base = [joined, base[1] + change - 1];
    else if (mark) marks.push(part);
    else settle(part);
  }
  settle(undefined);
  return composed;
}

/** Characters that the library does not decompose. */
const undecomposed = /*#__PURE__*/ new RegExp(`[${newCanonical}${newCompatible}]`, "u");

const orderedMark = /*#__PURE__*/ new RegExp(String.raw`^(?![${newOrdered}])\p{M}$`, "u");

/** Marks before and behind all others in Unicode's order: classes 1 and 240. */
const [firstMark, lastMark] = ["\u0334", "\u0345"];

/** Whether a character's canonical combining class is not 0. JavaScript does not tell; its NFD does, by putting marks in order. */
function isOrdered(character: string): boolean {
  if (!orderedMark.test(character)) return false;
  return precedes(firstMark, character) || precedes(character, lastMark) || character === firstMark || character === lastMark;
}

/** Whether `one` is of a smaller combining class than `other`, and neither of class 0. */
function precedes(one: string, other: string): boolean {
  return one !== other && (other + one).normalize("NFD") === one + other;
}

function isOne(text: string): boolean {
  return text.length === ((text.codePointAt(0) ?? 0) > 0xff_ff ? 2 : 1);
}
