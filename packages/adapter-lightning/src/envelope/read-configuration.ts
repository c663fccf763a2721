import type { Head } from "@longspan/core";
import { type EnvelopeTensor, headRecords, plainJson, stringifyJson } from "@longspan/core/adapter";
import type { FoundObject } from "./find-in-hyper-parameters.ts";
import { headOfWords, modelConfiguration } from "./model-configuration.ts";
import { isTriviaQaScript, triviaQaConfiguration } from "./triviaqa-script.ts";

export interface ReadConfiguration {
  readonly config: Readonly<Record<string, unknown>> | undefined;
  readonly head: Head | undefined;
  readonly warnings: readonly string[];
}

/** What the objects among the hyper-parameters say of the model: its configuration, its head, how its inputs are separated. */
export function readConfiguration(objects: readonly FoundObject[], tensors: readonly Pick<EnvelopeTensor, "name">[]): ReadConfiguration {
  const warnings: string[] = [];
  const ofLongformer = chooseConfiguration(objects, warnings, false);
  // Two Longformers' configurations that differ are no reason to take a third model's.
  const chosen = ofLongformer ?? (warnings.length === 0 ? chooseConfiguration(objects, warnings, true) : undefined);
  const { architectures: words, ...config } = chosen ?? {};
  const outermost = objects[0]?.attributes.get("architectures");
  const head = headOfWords(words ?? (outermost === undefined ? undefined : plainJson(outermost).json));
  const agrees = head !== undefined && hasHead(head, tensors);
  if (head !== undefined && !agrees) {
    // The configuration is usually that of the model the training started from.
    warnings.push(
      `The hyper-parameters name ${headRecords[head].architecture}, but the state dict does not hold that head. They are taken to describe the model that training started from.`,
    );
  }
  const script = objects.find((object) => isTriviaQaScript(object.attributes));
  if (script !== undefined) warnings.push(triviaQaWarning(script));
  const merged = {
    ...config,
    ...(agrees ? { architectures: [headRecords[head].architecture] } : {}),
    ...(script === undefined ? {} : triviaQaConfiguration),
  };
  return {
    config: Object.keys(merged).length === 0 ? undefined : merged,
    head: agrees ? head : undefined,
    warnings,
  };
}

/** The one configuration there is, of a Longformer or (`plainRoberta`) a RoBERTa without windows; none when two of them differ. */
function chooseConfiguration(
  objects: readonly FoundObject[],
  warnings: string[],
  plainRoberta: boolean,
): Readonly<Record<string, unknown>> | undefined {
  let chosen:
    | {
        readonly path: string;
        readonly config: Readonly<Record<string, unknown>>;
        readonly text: string;
      }
    | undefined;
  for (const object of objects) {
    const { config, warnings: left = [] } = modelConfiguration(object, { plainRoberta }) ?? {};
    warnings.push(...left);
    if (config === undefined) continue;
    const text = stringifyJson(Object.entries(config).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    if (chosen !== undefined && chosen.text !== text) {
      warnings.push(
        `Two different ${plainRoberta ? "RoBERTa" : "Longformer"} configurations stand in the file (${chosen.path}, ${object.path}); neither is used. Give the right one as config.json.`,
      );
      return undefined;
    }
    chosen ??= { path: object.path, config, text };
  }
  return chosen?.config;
}

/** Whether the state dict has parameters of that head; for the bare model, of none. */
function hasHead(head: Head, tensors: readonly Pick<EnvelopeTensor, "name">[]): boolean {
  const wanted = headRecords[head].segment;
  const names: ReadonlySet<string | undefined> = new Set(Object.values(headRecords).map(({ segment }) => segment));
  const present = new Set(tensors.flatMap(({ name }) => name.split(".").filter((segment) => names.has(segment))));
  return wanted === undefined ? present.size === 0 : present.has(wanted);
}

function triviaQaWarning(script: FoundObject): string {
  const window =
    script.attributes.get("attention_window") === undefined ? "" : " Its attention_window counts one side only and is not used:";
  return (
    `${script.path} are those of the Longformer authors' TriviaQA script, which separates question and document with two separators ` +
    `(Hugging Face uses three): the configuration says so.${window === "" ? "" : `${window} windows come from config.json.`}`
  );
}
