import { LongspanError } from "../errors/longspan-error.ts";
import { parseLongformerConfig } from "../longformer/config.ts";
import { headOfArchitecture, heads, type Head } from "../longformer/head.ts";
import { publishedConfigs } from "../longformer/published-configs.ts";
import { createLongformerSpec } from "../longformer/spec.ts";

export interface HeadSources {
  readonly given: Head | undefined;
  /** What the checkpoint says in words. */
  readonly inside: Head | undefined;
  /** `architectures` of the configuration. */
  readonly architectures: unknown;
  /** Every canonical name that some tensor of the file could be. */
  readonly names: ReadonlySet<string>;
}

/**
 * The head: the user's, else the one the checkpoint or its configuration names, as far as its parameters' names agree, else the one
 * whose names the file has. Never guessed from a shape.
 * @throws LongspanError `head-unknown` when several heads have these names and nothing says which.
 */
export function resolveHead({ given, inside, architectures, names }: HeadSources): Head {
  if (given !== undefined) return given;
  if (inside !== undefined) return inside;
  const named = Array.isArray(architectures) && typeof architectures[0] === "string" ? headOfArchitecture(architectures[0]) : undefined;
  const candidates = heads.filter((head) => head !== "model" && headNames(head).every((name) => names.has(name)));
  if (named !== undefined && (candidates.includes(named) || candidates.length === 0)) return named;
  const [first, ...others] = candidates;
  if (first === undefined) return "model";
  if (others.length === 0) return first;
  throw new LongspanError(
    "head-unknown",
    `The file's names fit the heads ${candidates.join(" and ")}, and no configuration says which. Say it with --head (option head).`,
    { details: { candidates } },
  );
}

/** Names only: they do not depend on the configuration's sizes. */
function headNames(head: Head): string[] {
  const { config } = parseLongformerConfig(publishedConfigs["longformer-base-4096"]);
  return createLongformerSpec(config, head)
    .parameters.filter(({ part }) => part === "head")
    .map(({ name }) => name);
}

/** Rows of the head's classifier in the file, by its bias: what `labels` is when no configuration says it. */
export function labelsInFile(head: Head, shapes: ReadonlyMap<string, readonly number[]>): number | undefined {
  const bias: Partial<Record<Head, string>> = {
    "question-answering": "qa_outputs.bias",
    "sequence-classification": "classifier.out_proj.bias",
    "token-classification": "classifier.bias",
  };
  const name = bias[head];
  return name === undefined ? undefined : shapes.get(name)?.[0];
}
