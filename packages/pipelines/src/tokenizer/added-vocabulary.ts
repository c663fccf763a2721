import { LongspanError } from "@longspan/core";
import { isSpace, wordCharacters } from "./characters.ts";
import { quoted } from "./quoted.ts";
import type { TokenModel } from "./token-model.ts";

/** A token that is found in the text before anything else is done to it: `<mask>`. */
export interface AddedToken {
  readonly content: string;
  /** Takes the white space before (behind) it along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Is found only where no letter, digit or underscore touches it. */
  readonly singleWord: boolean;
  /** Is looked for in the normalized text. */
  readonly normalized: boolean;
  /** Has a meaning of its own: is left out where special tokens are not to be found in texts. */
  readonly special: boolean;
}

/** A part of a text: an added token with its id, or what lies between. */
interface Section {
  readonly start: number;
  readonly end: number;
  readonly id: number | undefined;
}

export interface AddedVocabulary {
  /** Of an added token, else of the model's. */
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  readonly tokens: ReadonlyMap<number, AddedToken>;
  /** Cuts a text as it is at the tokens that are looked for there. */
  splitText(text: string): readonly Section[];
  splitNormalized(text: string): readonly Section[];
}

export interface AddedVocabularyOptions {
  readonly model: TokenModel;
  /** In the order in which they are numbered. A later one of the same content changes the earlier. */
  readonly tokens: readonly AddedToken[];
  readonly normalize: (text: string) => string;
  /** Special tokens that stand in a text are not found in it. */
  readonly splitSpecialTokens: boolean;
  readonly name: string;
}

/**
 * The tokens beside a model's own, numbered and found as the `tokenizers` library does (tokenizers/tokenizer/added_vocabulary.rs): those the
 * model has keep its id, others follow the last.
 * @throws LongspanError `malformed` for one whose number another token has (a vocabulary with holes), and where normalizing leaves nothing of one,
 * or the same of two: which is found is a matter of chance in the library.
 */
export function addedVocabulary({ model, tokens, normalize, splitSpecialTokens, name }: AddedVocabularyOptions): AddedVocabulary {
  const ids = new Map<string, number>();
  const added = new Map<number, AddedToken>();
  const special = new Set<string>();
  const idOf = (content: string): number | undefined => ids.get(content) ?? model.idOf(content);
  let next = model.size;
  for (const token of tokens) {
    if (token.content === "") continue;
    let id = idOf(token.content);
    if (id === undefined) {
      id = next++;
      if (model.tokenOf(id) !== undefined) throw taken(token.content, id, model.tokenOf(id), name);
    }
    ids.set(token.content, id);
    added.set(id, token);
    if (token.special) special.add(token.content);
  }
  const splitter = (normalized: boolean): ((text: string) => readonly Section[]) =>
    sectionSplitter(
      [...added]
        .filter(([, token]) => token.normalized === normalized)
        .map(([id, token]) => ({ id, token, pattern: normalized ? normalize(token.content) : token.content })),
      name,
      (token) => splitSpecialTokens && special.has(token.content),
    );
  return {
    idOf,
    tokenOf: (id) => added.get(id)?.content ?? model.tokenOf(id),
    tokens: added,
    splitText: splitter(false),
    splitNormalized: splitter(true),
  };
}

interface Pattern {
  readonly id: number;
  readonly token: AddedToken;
  readonly pattern: string;
}

/** Cuts a text at tokens: the leftmost, and of those the longest. */
function sectionSplitter(
  patterns: readonly Pattern[],
  name: string,
  isIgnored: (token: AddedToken) => boolean,
): (text: string) => readonly Section[] {
  if (patterns.length === 0) return (text) => between(0, text.length);
  const byPattern = new Map(patterns.map((entry) => [entry.pattern, entry]));
  for (const entry of patterns) {
    const same = byPattern.get(entry.pattern);
    if (entry.pattern === "" || same !== entry) throw alike(entry, same, name);
  }
  const longestFirst = patterns.toSorted((a, b) => b.pattern.length - a.pattern.length);
  const byFirst = Map.groupBy(longestFirst, ({ pattern }) => pattern.charAt(0));
  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (let at = 0; at < text.length; at++) {
      const found = byFirst.get(text.charAt(at))?.find(({ pattern }) => text.startsWith(pattern, at));
      if (found === undefined) continue;
      let start = at;
      let end = start + found.pattern.length;
      at = end - 1;
      if (isIgnored(found.token)) continue;
      if (
        found.token.singleWord &&
        (endsWithWord.test(text.slice(Math.max(0, start - 2), start)) || startsWithWord.test(text.slice(end, end + 2)))
      )
        continue;
      if (found.token.lstrip) while (start > done && isSpace(text[start - 1])) start--;
      if (found.token.rstrip) while (end < text.length && isSpace(text[end])) end++;
      sections.push(...between(done, start), { start, end, id: found.id });
      done = end;
    }
    return [...sections, ...between(done, text.length)];
  };
}

const endsWithWord = /*#__PURE__*/ new RegExp(`[${wordCharacters}]$`, "u");
const startsWithWord = /*#__PURE__*/ new RegExp(`^[${wordCharacters}]`, "u");

function between(start: number, end: number): readonly Section[] {
  return start < end ? [{ start, end, id: undefined }] : [];
}

function alike({ token, pattern }: Pattern, other: Pattern | undefined, name: string): LongspanError {
  const [content, rival] = [quoted(token.content), quoted(other?.token.content ?? "")];
  const why = pattern === "" ? `nothing of the added token ${content}` : `the same of the added tokens ${content} and ${rival}`;
  return new LongspanError(
    "unsupported",
    `${name}: normalizing leaves ${why}, which are looked for in normalized text. Say "normalized": false for them.`,
    { details: { tokenizer: name, token: content } },
  );
}

function taken(content: string, id: number, other: string | undefined, name: string): LongspanError {
  return new LongspanError(
    "malformed",
    `${name}: the added token ${quoted(content)} would have the id ${id}, which is that of ${quoted(other ?? "")}: ids of the vocabulary are left out before it.`,
    { details: { tokenizer: name, token: quoted(content), id } },
  );
}
