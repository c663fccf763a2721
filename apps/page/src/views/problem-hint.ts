import type { Problem } from "../protocol/problem.ts";
import { texts } from "../texts/language.ts";

/** What to do about a problem, in the reader's language; undefined where only the library's own sentence says it. */
export function problemHint({ code, about }: Problem): string | undefined {
  const words = texts.value.problem;
  if (code === "no-text") return words.noText;
  if (code === "no-file") return words.noFile;
  const hint = words.hints[code];
  return typeof hint === "function" ? hint(about ?? "") : hint;
}
