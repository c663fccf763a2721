import type { JsonObject } from "./json-object.ts";
import { objectsIn } from "./json-object.ts";

/** A token that is found in the text before anything else is done to it: `<mask>`. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** Takes the white space before (behind) it along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Is found only where no letter, digit or underscore touches it. */
  readonly singleWord: boolean;
  /** Is looked for in the normalized text. */
  readonly normalized: boolean;
}

/** A part of a text: an added token, or what lies between. */
export interface Section {
  readonly start: number;
  readonly end: number;
  readonly token: AddedToken | undefined;
}

export function addedTokensOf(list: unknown): readonly AddedToken[] {
  return objectsIn(list).flatMap((entry: JsonObject) => {
    const { content, id } = entry;
    if (typeof content !== "string" || content === "" || typeof id !== "number") return [];
    return [
      {
        content,
        id,
        lstrip: entry.lstrip === true,
        rstrip: entry.rstrip === true,
        singleWord: entry.single_word === true,
        normalized: entry.normalized === true,
      },
    ];
  });
}

/** Cuts a text at added tokens: the leftmost, and of those the longest, as Hugging Face does (tokenizers/tokenizer/added_vocabulary.rs). */
export function addedTokenSplitter(tokens: readonly AddedToken[]): (text: string) => readonly Section[] {
  if (tokens.length === 0) return (text) => between(0, text.length);
  const longestFirst = tokens.toSorted((a, b) => b.content.length - a.content.length);
  const byContent = new Map(tokens.map((token) => [token.content, token]));
  const pattern = new RegExp(longestFirst.map(({ content }) => escaped(content)).join("|"), "g");
  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (const match of text.matchAll(pattern)) {
      const token = byContent.get(match[0]);
      if (token === undefined || match.index < done) continue;
      let start = match.index;
      let end = start + match[0].length;
      if (token.singleWord && (/[\p{L}\p{M}\p{N}_]$/u.test(text.slice(0, start)) || /^[\p{L}\p{M}\p{N}_]/u.test(text.slice(end)))) continue;
      if (token.lstrip) while (start > done && isSpace(text[start - 1])) start--;
      if (token.rstrip) while (end < text.length && isSpace(text[end])) end++;
      sections.push(...between(done, start), { start, end, token });
      done = end;
    }
    return [...sections, ...between(done, text.length)];
  };
}

function between(start: number, end: number): readonly Section[] {
  return start < end ? [{ start, end, token: undefined }] : [];
}

function isSpace(unit: string | undefined): boolean {
  return unit !== undefined && /\s/.test(unit);
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`);
}
