import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";

/** Windows of attention, both sides together, without the token itself: one for all layers, or one for each. */
export type AttentionWindows = number | readonly number[];

/** Config.json's bound as well: offsets between tokens are int32. */
export const maxWindow: number = 2 ** 31 - 2;

/** Whether a value is a window: both sides together, so even. */
export function isWindow(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 2 && Number(value) % 2 === 0 && Number(value) <= maxWindow;
}

/**
 * Windows that the caller gave, one for each layer.
 * @throws LongspanError `argument-invalid` for odd ones, for those above 2³¹ - 2, and for another number of them than layers.
 */
export function windowsOfLayers(window: AttentionWindows, layers: number): readonly number[] {
  const windows = Array.isArray(window) ? (window as readonly number[]) : Array.from({ length: layers }, () => window as number);
  const wrong = windows.findIndex((one) => !isWindow(one));
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
