import { LongspanError } from "../errors/longspan-error.ts";
import { headOfArchitecture, headRecords, heads, type Head } from "../longformer/head.ts";

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

/** Names only: they do not depend on the sizes. */
function headNames(head: Head): string[] {
  return headRecords[head].parameters({ hiddenSize: 1, vocabSize: 1, labels: 1, tieWordEmbeddings: true }).map(({ name }) => name);
}

/** How many labels the file's classifier has, by its bias: what counts when no configuration says it. */
export function labelsInFile(head: Head, shapes: ReadonlyMap<string, readonly number[]>): number | undefined {
  return shapes.get(`${headRecords[head].lastLayer}.bias`)?.[0];
}
