import type { Inspection } from "../../protocol/calls.ts";
import { texts } from "../../texts/language.ts";

/** Whose file it is, and what lies in it: by the names that people know, where they know one. */
export function formatInWords({ container, envelope }: Inspection): string {
  const { formats } = texts.value.look;
  const inside = envelope === container ? "" : (formats[envelope] ?? envelope);
  const outside = formats[container] ?? container;
  return inside.startsWith(outside) ? inside : [outside, inside].filter((part) => part !== "").join(", ");
}

/** Whose names its tensors have. */
export function layoutInWords(layout: string): string {
  return texts.value.look.layouts[layout] ?? layout;
}
