import { LongspanError } from "@longspan/core";
import type { TokenModel, WordToken } from "./token-model.ts";

export interface UnigramPieces {
  /** By id: a piece of text and the logarithm of its probability. */
  readonly pieces: readonly (readonly [piece: string, score: number])[];
  readonly unknownId: number | undefined;
  /** Characters that no piece has are written as the pieces `<0x00>` to `<0xFF>` of their bytes, where there are all that are needed. */
  readonly byteFallback: boolean;
  /** For messages. */
  readonly name: string;
}

/** How much less likely than the least likely piece an unknown character is. */
const unknownPenalty = 10;

/**
 * sentencepiece's Unigram: of all ways to cut a word into pieces the likeliest; of equally likely ones that whose last piece begins first
 * (tokenizers/models/unigram/model.rs, `encode_optimized`). Unknown characters that follow each other are one token.
 */
export function unigramModel({ pieces, unknownId, byteFallback, name }: UnigramPieces): TokenModel {
  const ids = new Map(pieces.map(([piece], id) => [piece, id]));
  // A loop: a spread of a quarter of a million scores would overflow the stack.
  let least = Infinity;
  for (const [, score] of pieces) {
    least = Math.min(least, score);
  }
  /** The longest piece that begins with each pair of units: what is longer need not be looked up. */
  const maxLengthFrom = new Map<string, number>();
  for (const [piece] of pieces) {
    const start = piece.slice(0, 2);
    maxLengthFrom.set(start, Math.max(maxLengthFrom.get(start) ?? 0, piece.length));
  }
  const unknownScore = least - unknownPenalty;

  const bestPath = (word: string): readonly WordToken[] => {
    const scores = new Float64Array(word.length + 1);
    const starts = new Int32Array(word.length + 1).fill(-1);
    const found = new Int32Array(word.length + 1).fill(-1);
    const offer = (id: number, from: number, to: number, score: number): void => {
      const candidate = score + (scores[from] ?? 0);
      if (starts[to] !== -1 && candidate <= (scores[to] ?? 0)) return;
      scores[to] = candidate;
      starts[to] = from;
      found[to] = id;
    };
    for (let from = 0; from < word.length;) {
      const width = (word.codePointAt(from) ?? 0) > 0xff_ff ? 2 : 1;
      let known = false;
      const reach = Math.max(maxLengthFrom.get(word.slice(from, from + 2)) ?? 0, width);
      for (let to = from + 1; to <= Math.min(word.length, from + reach); to++) {
        const id = ids.get(word.slice(from, to));
        if (id === undefined) continue;
        offer(id, from, to, pieces[id]?.[1] ?? 0);
        known ||= to === from + width;
      }
      if (!known) offer(unknown(unknownId, word.slice(from, from + width), name), from, from + width, unknownScore);
      from += width;
    }
    const path: WordToken[] = [];
    for (let to = word.length; to > 0; to = starts[to] ?? 0) {
      path.push({ id: found[to] ?? 0, token: "", from: starts[to] ?? 0, to });
    }
    return path.toReversed();
  };

  const utf8 = new TextEncoder();
  const inBytes = (token: string): readonly number[] | undefined => {
    const bytes: number[] = [];
    for (const byte of utf8.encode(token)) {
      const id = ids.get(byteToken(byte));
      if (id === undefined) return undefined;
      bytes.push(id);
    }
    return bytes;
  };

  return {
    size: pieces.length,
    maxId: pieces.length - 1,
    idOf: (token) => ids.get(token),
    tokenOf: (id) => pieces[id]?.[0],
    tokensOf: (word) =>
      fuseUnknown(bestPath(word), unknownId).flatMap(({ from, to }) => {
        const token = word.slice(from, to);
        const id = ids.get(token);
        if (id !== undefined) return [{ id, token, from, to }];
        const bytes = byteFallback ? inBytes(token) : undefined;
        if (bytes !== undefined) return bytes.map((byteId) => ({ id: byteId, token: pieces[byteId]?.[0] ?? "", from, to }));
        return [{ id: unknown(unknownId, token, name), token, from, to }];
      }),
  };
}

function fuseUnknown(path: readonly WordToken[], unknownId: number | undefined): readonly WordToken[] {
  const fused: WordToken[] = [];
  for (const token of path) {
    const last = fused.at(-1);
    if (last !== undefined && token.id === unknownId && last.id === unknownId) fused[fused.length - 1] = { ...last, to: token.to };
    else fused.push(token);
  }
  return fused;
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

function unknown(id: number | undefined, text: string, name: string): number {
  if (id !== undefined) return id;
  throw new LongspanError(
    "inputs-invalid",
    `${name} has no piece for ${JSON.stringify(text.slice(0, 20))} and no unknown token (unk_id).`,
    {
      details: { tokenizer: name },
    },
  );
}
