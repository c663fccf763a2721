import type { SafetensorsError } from "./safetensors-error.ts";

/** What things take of memory, in bytes, rounded up: measured as the growth of a process that read headers of millions of them. */
export const memoryCosts = {
  /** A tensor's entry, beside its name and its dimensions. */
  tensor: 400,
  /** A name or a text in a map, beside its characters. */
  text: 120,
  character: 2,
  /** A dimension, or an offset. */
  number: 16,
} as const;

/** Counts memory against a limit. */
export class MemoryCount {
  spent = 0;
  readonly #limit: number;
  readonly #exceeded: () => SafetensorsError;

  constructor(limit: number, exceeded: () => SafetensorsError) {
    this.#limit = limit;
    this.#exceeded = exceeded;
  }

  /** @throws what `exceeded` makes, when the limit is passed. */
  spend(bytes: number): void {
    this.spent += bytes;
    if (this.spent > this.#limit) throw this.#exceeded();
  }

  text(text: string): void {
    this.spend(memoryCosts.text + memoryCosts.character * text.length);
  }
}
