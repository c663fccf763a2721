import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";

/** Windows of attention, both sides together, without the token itself: one for all layers, or one for each. */
export type AttentionWindows = number | readonly number[];

/** Config.json's bound as well: offsets between tokens are int32. */
export const maxWindow: number = 2 ** 31 - 2;

/**
 * Windows that the caller gave, one for each layer.
 * @throws LongspanError `argument-invalid` for odd ones, for those above 2³¹ - 2, and for another number of them than layers.
 */
export function windowsOfLayers(window: AttentionWindows, layers: number): readonly number[] {
  const windows = Array.isArray(window) ? (window as readonly number[]) : Array.from({ length: layers }, () => window as number);
  const wrong = windows.findIndex((one) => !Number.isSafeInteger(one) || one < 2 || one % 2 !== 0 || one > maxWindow);
  if (wrong !== -1) {
    throw new LongspanError(
      "argument-invalid",
      `The window ${shownValue(windows[wrong])} is not possible: a window (--window, option window) counts the tokens on both sides together, so it is an even integer, from 2 to ${maxWindow}.`,
      { details: { window } },
    );
  }
  if (windows.length !== layers) {
    throw new LongspanError(
      "argument-invalid",
      `${windows.length} windows are given (--window, option window), and the model has ${layers} layers. Give one for all, or one for each.`,
      { details: { window, layers } },
    );
  }
  return windows;
}
