import { LongspanError } from "@longspan/core";

/** Tokens `start` to `end` of a text. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/**
 * Windows of `room` tokens over `count`, neighbours sharing `overlap`; the last ends with the text. As Hugging Face cuts
 * (tokenizers/utils/truncation.rs).
 */
export function stridedWindows(count: number, room: number, overlap: number): readonly Window[] {
  if (!(room > overlap)) throw new RangeError(`windows of ${room} tokens that share ${overlap} do not get on`);
  const windows: Window[] = [];
  for (let start = 0; ; start += room - overlap) {
    const end = Math.min(start + room, count);
    windows.push({ start, end });
    if (end === count) return windows;
  }
}

/** How a long text is cut into windows that overlap. In tokens. */
export interface WindowOptions {
  /** Tokens of a window, special tokens and the question included. Default: as many as the model has positions for. */
  readonly windowTokens?: number | undefined;
  /** Tokens that two neighbouring windows share. */
  readonly strideTokens?: number | undefined;
}

/**
 * The room for a text in windows of that size beside `besides` other tokens, and their overlap. Where it is not given, the overlap is
 * `defaultStride`, or half the room where that is less.
 * @throws LongspanError `argument-invalid`, `sequence-too-long`.
 */
export function windowRoom(
  { windowTokens, strideTokens }: WindowOptions,
  { besides, maxTokens, defaultStride, what }: { besides: number; maxTokens: number; defaultStride: number; what: string },
): { readonly room: number; readonly overlap: number } {
  const size = windowTokens ?? maxTokens;
  if (!Number.isInteger(size) || size < 1 || size > maxTokens) {
    throw new LongspanError(
      "argument-invalid",
      `windowTokens is ${String(size)}; this model takes from 1 to ${maxTokens} tokens at once.`,
      {
        details: { option: "windowTokens", value: size, limit: maxTokens },
      },
    );
  }
  const room = size - besides;
  if (room < 1) {
    throw new LongspanError(
      "sequence-too-long",
      `${what} takes ${besides} of a window's ${size} tokens and leaves no room for the document. Shorten it${size < maxTokens ? `, or raise windowTokens (this model: up to ${maxTokens})` : ""}.`,
      { details: { tokens: besides, limit: size } },
    );
  }
  if (strideTokens === undefined) return { room, overlap: Math.min(defaultStride, Math.floor(room / 2)) };
  if (!Number.isInteger(strideTokens) || strideTokens < 0 || strideTokens >= room) {
    throw new LongspanError(
      "argument-invalid",
      `strideTokens is ${String(strideTokens)}: neighbouring windows share from 0 to ${room - 1} tokens here (windowTokens ${size}, of which ${besides} are not the document's).`,
      { details: { option: "strideTokens", value: strideTokens, limit: room - 1 } },
    );
  }
  return { room, overlap: strideTokens };
}
