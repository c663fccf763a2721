/**
 * A piece of text and where its UTF-16 units come from in the text it was made of. `starts[i]`/`ends[i]`: the range of the original that
 * unit i stands for.
 */
export interface PlacedText {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/**
 * A character of a rewritten text, and what it takes the place of: 0 of one character, −n of one and of the n behind it, 1 of none (it is
 * added, and stands for what the character before it stood for).
 */
export type PlacedChange = readonly [character: string, change: number];

/** Units `from` to `to` of a text as they are; both halves of a surrogate pair stand for the whole character. */
export function placeAsIs(text: string, from: number, to: number): PlacedText {
  const starts = new Int32Array(to - from);
  const ends = new Int32Array(to - from);
  let at = from;
  for (const character of text.slice(from, to)) {
    starts.fill(at, at - from, at - from + character.length);
    ends.fill(at + character.length, at - from, at - from + character.length);
    at += character.length;
  }
  return { text: text.slice(from, to), starts, ends };
}

export function slicePlaced({ text, starts, ends }: PlacedText, from: number, to: number): PlacedText {
  return { text: text.slice(from, to), starts: starts.subarray(from, to), ends: ends.subarray(from, to) };
}

/**
 * Rewrites a text character by character and keeps track of what came from where, as Hugging Face does (tokenizers/tokenizer/normalizer.rs,
 * `transform_range`). `removedFirst`: characters at the beginning that nothing takes the place of.
 */
export function rewritePlaced(given: PlacedText, changes: readonly PlacedChange[], removedFirst = 0): PlacedText {
  const length = changes.reduce((sum, [character]) => sum + character.length, 0);
  const starts = new Int32Array(length);
  const ends = new Int32Array(length);
  const pastCharacters = (from: number, count: number): number => {
    let at = from;
    for (let passed = 0; passed < count && at < given.text.length; passed++) at += widthAt(given.text, at);
    return at;
  };
  let at = pastCharacters(0, removedFirst);
  let to = 0;
  let text = "";
  for (const [character, change] of changes) {
    const first = given.starts[0] ?? 0;
    const of = change > 0 ? at - 1 : at;
    starts.fill(given.starts[of] ?? first, to, to + character.length);
    ends.fill(given.ends[of] ?? first, to, to + character.length);
    if (change <= 0) at = pastCharacters(at, 1 - change);
    to += character.length;
    text += character;
  }
  return { text, starts, ends };
}

/** Every character by another one, or by several. */
export function mapPlaced(given: PlacedText, map: (character: string) => string): PlacedText {
  const changes: PlacedChange[] = [];
  for (const character of given.text) {
    let change = 0;
    for (const mapped of map(character)) {
      changes.push([mapped, change]);
      change = 1;
    }
  }
  return rewritePlaced(given, changes);
}

/** Leaves characters out; the one before stands for them too. */
export function filterPlaced(given: PlacedText, keep: (character: string) => boolean): PlacedText {
  const changes: PlacedChange[] = [];
  let last: string | undefined;
  let removed = 0;
  let removedFirst = 0;
  for (const character of given.text) {
    if (!keep(character)) {
      removed++;
      continue;
    }
    if (last === undefined) removedFirst = removed;
    else changes.push([last, -removed]);
    last = character;
    removed = 0;
  }
  if (last !== undefined) changes.push([last, -removed]);
  return rewritePlaced(given, changes, removedFirst);
}

/** Replaces what a pattern (with the flag g) matches; the new characters stand for the last one they replace. */
export function replacePlaced(given: PlacedText, pattern: RegExp, content: string): PlacedText {
  const parts: PlacedText[] = [];
  let done = 0;
  for (const match of given.text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    parts.push(slicePlaced(given, done, match.index), standIn(given, content, end - 1));
    done = end;
  }
  return done === 0 ? given : joinPlaced([...parts, slicePlaced(given, done, given.text.length)]);
}

/** Sets a text before another; it stands for that one's first character. */
export function prependPlaced(given: PlacedText, content: string): PlacedText {
  return given.text === "" ? given : joinPlaced([standIn(given, content, 0), given]);
}

/** A text whose every unit stands for what unit `of` stands for. */
function standIn({ starts, ends }: PlacedText, text: string, of: number): PlacedText {
  return {
    text,
    starts: new Int32Array(text.length).fill(starts[of] ?? 0),
    ends: new Int32Array(text.length).fill(ends[of] ?? 0),
  };
}

function joinPlaced(parts: readonly PlacedText[]): PlacedText {
  const text = parts.map((part) => part.text).join("");
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  let at = 0;
  for (const part of parts) {
    starts.set(part.starts, at);
    ends.set(part.ends, at);
    at += part.text.length;
  }
  return { text, starts, ends };
}

/** UTF-16 units of the character there. */
function widthAt(text: string, at: number): 1 | 2 {
  return (text.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1;
}
