import { LongspanError } from "@longspan/core";

/** Added tokens of real models are some thousands; each takes about a kilobyte. */
export const maxAddedTokens = 100_000;

/** How many lines a vocabulary of so many characters may have: real ones are far longer than a few letters each. */
export function maxVocabularyLines(length: number): number {
  return Math.max(800_000, length / 15);
}

export function maxMerges(length: number): number {
  return Math.max(1_000_000, length / 8);
}

/** A piece of sentencepiece's file takes eleven bytes at least: text, score and the keys of both. */
export function maxPieces(length: number): number {
  return Math.max(500_000, length / 10);
}

/** Small files must not take much memory. @throws LongspanError `limit-exceeded`. */
export function checkCount(count: number, limit: number, name: string, what: string): void {
  if (count <= limit) return;
  throw new LongspanError(
    "limit-exceeded",
    `${name} has ${count} ${what}, more than the ${Math.floor(limit)} that a file of its size may have.`,
    {
      details: { file: name, count, limit: Math.floor(limit) },
    },
  );
}
