import type { FoundAnswer, Place } from "../../protocol/calls.ts";
import type { Problem } from "../../protocol/problem.ts";
import { texts } from "../../texts/language.ts";
import { onPage } from "../on-page.ts";
import { problemHint } from "../problem-hint.ts";

/** `page 3, line 12`, as far as the document has such places. */
export function placeInWords({ page, paragraph, note, line }: Place): string {
  const words = texts.value.place;
  return [
    note,
    page === undefined ? undefined : words.page(page),
    paragraph === undefined ? undefined : words.paragraph(paragraph),
    line === undefined ? undefined : words.line(line),
  ]
    .filter((word) => word !== undefined)
    .join(", ");
}

/** What a screen reader is told of an answer. */
export function announce(answer: FoundAnswer | undefined, problem?: Problem): string {
  const words = texts.peek();
  if (problem !== undefined) return `${words.problem.heading}. ${problemHint(problem) ?? onPage(problem.message)}`;
  return answer === undefined || answer.text === "" ? words.ask.noAnswer : words.ask.answered(answer.text, placeInWords(answer.place));
}
