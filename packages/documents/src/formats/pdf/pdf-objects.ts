/** A value of a PDF, as far as it says how streams are packed and encrypted (ISO 32000-1, 7.3); what else there is, such as keywords, is undefined. */
export type PdfValue = number | PdfName | PdfReference | PdfString | PdfList | PdfDictionary | undefined;
export type PdfDictionary = ReadonlyMap<string, PdfValue>;
type PdfList = readonly PdfValue[];

export interface PdfName {
  readonly name: string;
}

export interface PdfString {
  readonly bytes: Uint8Array;
}

/** `12 0 R`: the object of that number. */
export interface PdfReference {
  readonly number: number;
}

/** A stream: its dictionary, and where in the file its bytes begin. */
export interface PdfStream {
  readonly dictionary: PdfDictionary;
  readonly start: number;
  /** Of the object; 0 where it has none. */
  readonly number: number;
  readonly generation: number;
}

/** The objects of a file that stand in it as they are: all streams are among them. */
export interface PdfObjects {
  /** In the order of the file. */
  streams(): Generator<PdfStream, void, void>;
  /** What is said of the whole file, by each of its states. */
  trailers(): Generator<PdfDictionary, void, void>;
  /** What a reference may mean: an object can be written several times, and of those that are packed into streams none is known here. */
  meanings(reference: PdfReference): readonly PdfValue[];
}

/** White space and comments between tokens. */
const blank = /(?:[\0\t\n\f\r ]|%[^\r\n]*)*/y;
const word = /[^\0\t\n\f\r ()<>[\]{}/%]+/y;
const number = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)/y;
const restOfReference = /[\0\t\n\f\r ]+\d{1,10}[\0\t\n\f\r ]*R(?![^\0\t\n\f\r ()<>[\]{}/%])/y;
const anyObject = /(?:(?<!\d)(\d{1,10})[\0\t\n\f\r ]{1,16}(\d{1,5})[\0\t\n\f\r ]{1,16})?(?<!end)obj/g;
/** Behind the word `stream`, with a little that pdf.js passes over: looking further would be a reading of the rest of the file for each such word. */
const lineEnd = /[^\r\n]{0,64}(?:\r\n?|\n)/y;

/** Lists in lists: as many as no file has. */
const maxDepth = 100;

/**
 * Looks at a file as pdf.js does that knows where an object begins: forward from each `obj`, wherever it stands. What comes before, such as a name in a
 * string, cannot be taken for something else then.
 * @param text the bytes, one character each
 * @throws RangeError for values nested without end, and where reading them takes many times the file's length
 */
export function pdfObjects(text: string): PdfObjects {
  const begins: { readonly begin: number; readonly number: number; readonly generation: number }[] = [];
  const ofNumber = new Map<number, number[]>();
  for (const { 0: found, 1: digits, 2: generation = 0, index } of text.matchAll(anyObject)) {
    const begin = index + found.length;
    begins.push({ begin, number: Number(digits ?? 0), generation: Number(generation) });
    if (digits === undefined) continue;
    const known = ofNumber.get(Number(digits));
    if (known === undefined) ofNumber.set(Number(digits), [begin]);
    else known.push(begin);
  }
  const reader = valueReader(text);
  function* streams(): Generator<PdfStream, void, void> {
    for (const { begin, number, generation } of begins) {
      const stream = reader.streamAt(begin);
      if (stream !== undefined) yield { ...stream, number, generation };
    }
  }
  return {
    streams,
    *trailers() {
      for (const { index } of text.matchAll(/trailer/g)) {
        const trailer = reader.dictionaryAt(index + "trailer".length);
        if (trailer !== undefined) yield trailer;
      }
      // Tables of objects that are streams are trailers, too.
      for (const { dictionary } of streams()) if (dictionary.has("Root") || dictionary.has("Encrypt")) yield dictionary;
    },
    meanings: (reference) => (ofNumber.get(reference.number) ?? []).map((begin) => reader.valueAt(begin)),
  };
}

interface ValueReader {
  valueAt(begin: number): PdfValue;
  /** Undefined where something else stands. */
  dictionaryAt(begin: number): PdfDictionary | undefined;
  streamAt(begin: number): Pick<PdfStream, "dictionary" | "start"> | undefined;
}

function valueReader(text: string): ValueReader {
  let at = 0;
  let left = 8 * text.length + 2 ** 20;

  function match(pattern: RegExp): string {
    pattern.lastIndex = at;
    const [found = ""] = pattern.exec(text) ?? [];
    at += found.length;
    return found;
  }

  function skip(characters: string): boolean {
    if (!text.startsWith(characters, at)) return false;
    at += characters.length;
    return true;
  }

  function value(depth: number): PdfValue {
    if (depth > maxDepth) throw new RangeError("values are nested without end");
    match(blank);
    if (skip("/")) return { name: nameOf(match(word)) };
    if (skip("<<")) return dictionary(depth);
    if (skip("[")) return list(depth);
    const digits = match(number);
    if (digits !== "") return match(restOfReference) === "" ? Number(digits) : { number: Number(digits) };
    if (skip("(")) return string();
    if (skip("<")) return hexadecimal();
    // A keyword, or a bracket that nothing opened.
    if (match(word) === "") at += text.startsWith(">>", at) ? 2 : 1;
    return undefined;
  }

  function dictionary(depth: number): PdfDictionary {
    const entries = new Map<string, PdfValue>();
    for (;;) {
      match(blank);
      if (at >= text.length || skip(">>")) return entries;
      const key = value(depth + 1);
      // What is no key is passed over, as pdf.js does.
      if (isName(key)) entries.set(key.name, value(depth + 1));
    }
  }

  function list(depth: number): PdfList {
    const items: PdfValue[] = [];
    for (;;) {
      match(blank);
      if (at >= text.length || skip("]")) return items;
      items.push(value(depth + 1));
    }
  }

  function string(): PdfString {
    const begin = at;
    for (let open = 1; open > 0 && at < text.length; at++) {
      const character = text[at];
      if (character === "\\") at++;
      else if (character === "(") open++;
      else if (character === ")") open--;
    }
    return literalString(text, begin, at - 1);
  }

  function hexadecimal(): PdfString {
    const begin = at;
    const found = text.indexOf(">", at);
    at = found === -1 ? text.length : found + 1;
    return hexadecimalString(text, begin, at - 1);
  }

  function valueAt(begin: number): PdfValue {
    at = begin;
    const found = value(0);
    left -= at - begin;
    if (left < 0) throw new RangeError("its objects lie in one another");
    return found;
  }

  function dictionaryAt(begin: number): PdfDictionary | undefined {
    at = begin;
    match(blank);
    const found = text.startsWith("<<", at) ? valueAt(at) : undefined;
    return found instanceof Map ? found : undefined;
  }

  return {
    valueAt,
    dictionaryAt,
    streamAt(begin) {
      const dictionary = dictionaryAt(begin);
      match(blank);
      if (dictionary === undefined || !skip("stream")) return undefined;
      lineEnd.lastIndex = at;
      return lineEnd.exec(text) === null ? undefined : { dictionary, start: lineEnd.lastIndex };
    },
  };
}

/** 7.3.4.2: as it stands but for what follows a backslash, and ends of lines. Made when it is asked for: most are never. */
function literalString(text: string, begin: number, end: number): PdfString {
  const meanings: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };
  return {
    get bytes() {
      const written = text
        .slice(begin, end)
        .replaceAll(/\\(?:([0-7]{1,3})|(\r\n?|\n)|([^]))|\r\n?/g, (_, octal?: string, lineEnd?: string, other?: string) => {
          if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
          if (lineEnd !== undefined) return "";
          return other === undefined ? "\n" : (meanings[other] ?? other);
        });
      return Uint8Array.from(written, (character) => character.charCodeAt(0));
    },
  };
}

/** 7.3.4.3: a last digit that stands alone is followed by a zero. */
function hexadecimalString(text: string, begin: number, end: number): PdfString {
  return {
    get bytes() {
      const digits = text.slice(begin, end).replaceAll(/[^\da-f]/gi, "");
      return Uint8Array.from({ length: Math.ceil(digits.length / 2) }, (_, index) =>
        Number.parseInt(digits.slice(2 * index, 2 * index + 2).padEnd(2, "0"), 16),
      );
    },
  };
}

/** `F#6cateDecode` is FlateDecode. */
function nameOf(written: string): string {
  return written.replaceAll(/#([\da-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

export function isName(value: PdfValue): value is PdfName {
  return typeof value === "object" && "name" in value;
}

export function isString(value: PdfValue): value is PdfString {
  return typeof value === "object" && "bytes" in value;
}

export function isReference(value: PdfValue): value is PdfReference {
  return typeof value === "object" && "number" in value;
}
