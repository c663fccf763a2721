import type { Problem } from "../protocol/problem.ts";
import { texts } from "../texts/language.ts";

/** What to do about a problem, in the reader's language; undefined where only the library's own sentence says it. */
export function problemHint({ code }: Problem): string | undefined {
  const words = texts.value.problem;
  if (code === "no-text") return words.noText;
  return code === "no-file" ? words.noFile : words.hints[code];
}
