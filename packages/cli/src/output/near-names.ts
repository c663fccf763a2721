/** Of a word so long, one letter in three may be wrong. */
const lettersPerMistake = 3;

/** As many names are offered; where more are as near, none is. */
const maxOffered = 3;

/**
 * The names that somebody may have meant, the surest kind alone: those that begin with the word (`doc` for `document`) or have its parts in this order (`max-tokens` for
 * `max-answer-tokens`); else the nearest by mistakes of typing (a letter wrong, missing, too much, or two exchanged), where they are few; else one with the same beginning (`docs`).
 */
export function nearNames(word: string, names: readonly string[]): readonly string[] {
  const others = [...new Set(names)].filter((name) => name !== word);
  const begun = others.filter((name) => name.startsWith(word) || hasParts(name, word.split("-")));
  if (begun.length > 0) return begun.length <= maxOffered ? begun : [];
  const limit = Math.max(1, Math.floor(word.length / lettersPerMistake));
  const distances = others.map((name) => distance(word, name));
  const smallest = Math.min(...distances);
  const near = smallest <= limit ? others.filter((_, index) => distances[index] === smallest) : [];
  if (near.length > 0) return near.length <= maxOffered ? near : [];
  const beginning = word.slice(0, -1);
  const alike = beginning.length < lettersPerMistake ? [] : others.filter((name) => name.startsWith(beginning));
  return alike.length === 1 ? alike : [];
}

/** `(Did you mean --document?)`; "" where nothing is near. */
export function didYouMean(names: readonly string[]): string {
  if (names.length === 0) return "";
  return `(Did you mean ${names.length === 1 ? "" : "one of "}${names.join(", ")}?)`;
}

function hasParts(name: string, parts: readonly string[]): boolean {
  const own = name.split("-");
  let from = 0;
  for (const part of parts) {
    const found = own.indexOf(part, from);
    if (found === -1) return false;
    from = found + 1;
  }
  return true;
}

/** The edit distance in which two neighbours that are exchanged are one mistake (optimal string alignment). */
function distance(one: string, other: string): number {
  let [before, previous]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isExchanged = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current.push(
        Math.min(
          (previous[column - 1] ?? 0) + (isSame ? 0 : 1),
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          isExchanged && row > 1 && column > 1 ? (before[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [before, previous] = [previous, current];
  }
  return previous[other.length] ?? 0;
}
