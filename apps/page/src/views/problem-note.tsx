import type { ComponentChildren, JSX } from "preact";
import type { Problem } from "../protocol/problem.ts";
import { texts } from "../texts/language.ts";
import { LibraryText } from "./library-text.tsx";
import { onPage } from "./on-page.ts";
import { problemHint } from "./problem-hint.ts";

/** One sentence of what went wrong, and what to do about it. */
export function ProblemNote({ problem, children }: { readonly problem: Problem; readonly children?: ComponentChildren }): JSX.Element {
  const { heading } = texts.value.problem;
  const hint = problemHint(problem);
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{heading}.</strong> {hint ?? <LibraryText text={problem.message} />}
      </p>
      {hint !== undefined && onPage(problem.message) !== "" && (
        <p class="detail">
          <LibraryText text={problem.message} />
        </p>
      )}
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  );
}
