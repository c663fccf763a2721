/** A container that is begun. */
interface Frame {
  /** Undefined for a list. */
  readonly keys: readonly string[] | undefined;
  readonly container: object;
  readonly length: number;
  next: number;
}

/** How JSON is written. */
export interface StringifyJsonOptions {
  /** Spaces for each level, with a line for each member; default 0: one line, no spaces. */
  readonly indent?: number | undefined;
  /** What is written in a value's place, such as text for a number that JSON cannot say. */
  readonly replace?: ((value: unknown) => unknown) | undefined;
}

/** Characters of one chunk. */
const chunkCharacters = 65_536;

/** JSON texts may hold these as they are, yet a terminal obeys them or a reader cannot see them; JSON.stringify escapes C0 only. */
const hidden = /[\u007f-\u009f\u2028\u2029]|(?!\u200c|\u200d)\p{Cf}/gu;

/** Deeper levels get no more spaces: a nest of 5,000 would take 25 MB of them. */
const maxIndent = 64;

/**
 * The text that `JSON.stringify` gives (keys in the object's order, undefined members left out), of a value of any depth: `JSON.stringify`
 * ends in a stack overflow some thousand levels down, and configurations come from files. Characters that a terminal would obey are
 * escaped, which JSON reads as the same text. The value must not contain itself.
 */
export function stringifyJson(value: unknown, options: StringifyJsonOptions = {}): string {
  return [...jsonChunks(value, options)].join("");
}

/** The same text piece by piece, for documents that one string should not hold. */
export function* jsonChunks(root: unknown, { indent = 0, replace }: StringifyJsonOptions = {}): Generator<string, void, void> {
  let chunk = "";
  const frames: Frame[] = [];

  function begin(given: unknown): void {
    const value = replace === undefined ? given : replace(given);
    if (typeof value !== "object" || value === null) {
      chunk += atom(value);
      return;
    }
    const frame = frameOf(value);
    chunk += frame.keys === undefined ? "[" : "{";
    frames.push(frame);
  }

  begin(root);
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const { keys, container, length } = frame;
    if (chunk.length > chunkCharacters) {
      yield chunk;
      chunk = "";
    }
    if (frame.next === length) {
      frames.pop();
      if (indent > 0 && length > 0) chunk += newLine(indent * frames.length);
      chunk += keys === undefined ? "]" : "}";
      continue;
    }
    const index = frame.next++;
    if (index > 0) chunk += ",";
    if (indent > 0) chunk += newLine(indent * frames.length);
    const key = keys?.[index];
    if (key !== undefined) chunk += indent > 0 ? `${quoted(key)}: ` : `${quoted(key)}:`;
    begin(Reflect.get(container, key ?? index));
  }
  yield chunk;
}

function frameOf(value: object): Frame {
  if (Array.isArray(value)) return { keys: undefined, container: value, length: value.length, next: 0 };
  const keys = Object.keys(value).filter((key) => Reflect.get(value, key) !== undefined);
  return { keys, container: value, length: keys.length, next: 0 };
}

/** What JSON has no word for is null, as in a list of `JSON.stringify`. */
function atom(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)) ? JSON.stringify(value) : "null";
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(hidden, (character) =>
    Array.from({ length: character.length }, (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`).join(""),
  );
}

function newLine(spaces: number): string {
  return `\n${" ".repeat(Math.min(spaces, maxIndent))}`;
}
