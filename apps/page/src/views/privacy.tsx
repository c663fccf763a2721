import type { JSX } from "preact";
import { connectSources, policy } from "../state/work.ts";
import { texts } from "../texts/language.ts";

/** What the page promises, and the policy by which the browser holds it to that. */
export function Privacy(): JSX.Element {
  const words = texts.value.private;
  return (
    <footer class="privacy">
      <details>
        <summary>{words.short}</summary>
        <p>{words.how}</p>
        <ul>
          {connectSources.map((source) => (
            <li key={source}>{source === "'self'" ? words.self : <code>{source}</code>}</li>
          ))}
        </ul>
        <p>
          {words.policy}: <code>{policy}</code>
        </p>
      </details>
    </footer>
  );
}
