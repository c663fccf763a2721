/** How a model of tokens writes what it cannot write, and what follows within a word. */
export interface TokenForms {
  /** What stands before a token inside a word: `##`. Empty for byte-level BPE. */
  readonly continuingPrefix: string;
  readonly unknown: string | undefined;
  /** The unknown token stands for a whole word (WordPiece), not for one character (BPE). */
  readonly unknownIsWord: boolean;
}

/** The range of a word's UTF-16 units that each of its tokens stands for: `[from, to]`. */
export function alignTokens(word: string, tokens: readonly string[], forms: TokenForms): readonly (readonly [number, number])[] {
  let at = 0;
  return tokens.map((token): readonly [number, number] => {
    const { continuingPrefix } = forms;
    const piece = at > 0 && continuingPrefix !== "" && token.startsWith(continuingPrefix) ? token.slice(continuingPrefix.length) : token;
    // Characters that the vocabulary lacks are left out of the tokens where there is no unknown token: they are passed over.
    const found = word.indexOf(piece, at);
    const from = token === forms.unknown || found === -1 ? at : found;
    if (found !== from && forms.unknownIsWord) at = word.length;
    else at = found === from ? from + piece.length : Math.min(word.length, from + ((word.codePointAt(from) ?? 0) > 0xff_ff ? 2 : 1));
    return [from, at];
  });
}
