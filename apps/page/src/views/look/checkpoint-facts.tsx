import type { JSX } from "preact";
import type { Inspection } from "../../protocol/calls.ts";
import { texts } from "../../texts/language.ts";
import { bytes, count } from "../../texts/numbers.ts";
import { formatInWords, layoutInWords } from "./checkpoint-words.ts";
import { LibraryText } from "../library-text.tsx";
import { onPage } from "../on-page.ts";

/** What the file is, in a few lines; its configuration and notes on demand. */
export function CheckpointFacts({ inspection }: { readonly inspection: Inspection }): JSX.Element {
  const words = texts.value.look;
  const types = [...new Set(inspection.tensors.map(({ dataType }) => dataType))].join(", ");
  const facts: readonly (readonly [string, string])[] = [
    [words.facts.format, formatInWords(inspection)],
    [
      words.facts.layout,
      inspection.layout === null
        ? words.noLayout
        : layoutInWords(inspection.layout) + (inspection.orientation === "transposed" ? ` (${words.transposed})` : ""),
    ],
    [words.facts.head, inspection.head ?? words.noHead],
    [words.facts.parameters, count(inspection.parameterCount)],
    [words.facts.size, `${bytes(inspection.tensorBytes)}, ${types}`],
    ...(inspection.config === null ? [] : [[words.facts.model, modelShape(inspection.config)] as const]),
    ...(inspection.configOrigin === null ? [] : [[words.facts.config, originInWords(inspection.configOrigin)] as const]),
  ];
  const { problem } = inspection;
  const hint = problem === null ? undefined : words.problems[problem.code];
  const notes = [...inspection.warnings, ...(problem === null ? [] : [problem.message])].filter((note) => onPage(note) !== "");
  const left = [...inspection.dropped, ...inspection.unreadable];
  return (
    <section class="card facts-card">
      <dl class="facts-list">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {(notes.length > 0 || hint !== undefined) && (
        <div class="notes">
          <h3>{words.warnings}</h3>
          <ul>
            {hint !== undefined && <li>{hint}</li>}
            {notes.map((note) => (
              <li key={note}>
                <LibraryText text={note} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {left.length > 0 && (
        <details>
          <summary>
            {words.left} ({count(left.length)})
          </summary>
          <ul class="left">
            {left.map(({ name, reason }) => (
              <li key={name}>
                <code>{name}</code>{" "}
                <span class="muted" lang="en">
                  {reason}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {inspection.config !== null && (
        <details>
          <summary>{words.config}</summary>
          <pre tabIndex={0}>{JSON.stringify(inspection.config, null, 2)}</pre>
        </details>
      )}
    </section>
  );
}

/** Where it lies in the file itself, the library says so in a sentence. */
function originInWords(origin: string): string {
  if (!origin.includes("/") && !origin.endsWith(".json")) return texts.value.look.insideFile;
  return origin.replace(/https?:\/\/\S+\/(?=[^/\s]+)/, "");
}

function modelShape(config: Readonly<Record<string, unknown>>): string {
  const number = (key: string): string => {
    const value = config[key];
    return typeof value === "number" ? count(value) : "?";
  };
  const window = config["attention_window"];
  const windows = Array.isArray(window) ? [...new Set<unknown>(window)].join("/") : number("attention_window");
  return texts.value.look.shape(
    number("num_hidden_layers"),
    number("hidden_size"),
    number("num_attention_heads"),
    windows,
    number("max_position_embeddings"),
  );
}
