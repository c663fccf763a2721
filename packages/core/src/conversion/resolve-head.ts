import { LongspanError } from "../errors/longspan-error.ts";
import { headOfArchitecture, headRecords, heads, type Head } from "../longformer/head.ts";
import { headName, headRecord, type AnyHead } from "../longformer/head-definition.ts";

export interface HeadSources {
  readonly given: AnyHead | undefined;
  /** What the checkpoint says in words. */
  readonly inside: Head | undefined;
  /** `architectures` of the configuration. */
  readonly architectures: unknown;
  /** Every canonical name that some tensor of the file could be. */
  readonly names: ReadonlySet<string>;
  /** Canonical shapes of those that can be read. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * The head: the user's, else the one the checkpoint or its configuration names, as far as its parameters' names agree, else the one
 * whose names the file has. Never guessed from a shape: a shape only shows which head it cannot be.
 * @throws LongspanError `head-unknown` when several heads have these names and nothing says which, or the tensors are not those of the head
 *   that has their names.
 */
export function resolveHead(sources: HeadSources): AnyHead {
  const head = chooseHead(sources);
  requireRows(head, sources.shapes);
  return head;
}

function chooseHead({ given, inside, architectures, names, shapes }: HeadSources): AnyHead {
  if (given !== undefined) return given;
  if (inside !== undefined) return inside;
  const named = Array.isArray(architectures) && typeof architectures[0] === "string" ? headOfArchitecture(architectures[0]) : undefined;
  const candidates = heads.filter((head) => head !== "model" && headNames(head).every((name) => names.has(name)));
  if (named !== undefined && (candidates.includes(named) || candidates.length === 0)) return named;
  const [first, ...others] = candidates;
  if (first === undefined) return "model";
  if (others.length === 0) return first;
  const tensors = [...new Set(candidates.flatMap((head) => headNames(head)))].map((name) => shown(name, shapes));
  const says =
    named === undefined || named === "model"
      ? "no configuration says which is meant"
      : `the configuration says ${named}, which has other parameters (it computes ${headRecords[named].computes})`;
  const meanings = candidates.map((head) => `${head} computes ${headRecords[head].computes}`).join("; ");
  throw new LongspanError(
    "head-unknown",
    `${tensors.join(", ")} are named as in the heads ${candidates.join(" and ")}, and ${says}. ${meanings}. If the model computes so, say which with --head (option head). ${hint}`,
    { details: { candidates } },
  );
}

/** A head that always has so many rows cannot be meant by tensors of another number. */
function requireRows(head: AnyHead, shapes: HeadSources["shapes"]): void {
  const { rows, lastLayer, computes } = headRecord(head);
  const weight = `${lastLayer}.weight`;
  const found = shapes.get(weight);
  if (rows === undefined || found === undefined || (found.length === 2 && found[0] === rows)) return;
  throw new LongspanError(
    "head-unknown",
    `${shown(weight, shapes)} is named as in the head ${headName(head)}, but that computes ${computes}. ${hint}`,
    { details: { candidates: [headName(head)], shape: found } },
  );
}

const hint =
  "If it computes anything else with them, such as a linear layer on the first token, no head here does that: --head model takes the trunk and leaves them out.";

function shown(name: string, shapes: HeadSources["shapes"]): string {
  const shape = shapes.get(name);
  return shape === undefined ? name : `${name} [${shape.join(", ")}]`;
}

/** Names only: they do not depend on the sizes. */
function headNames(head: Head): string[] {
  return headRecords[head].parameters({ hiddenSize: 1, vocabSize: 1, labels: 1, tieWordEmbeddings: true }).map(({ name }) => name);
}

/** How many labels the file's classifier has, by its bias: what counts when no configuration says it. */
export function labelsInFile(head: AnyHead, shapes: ReadonlyMap<string, readonly number[]>): number | undefined {
  return shapes.get(`${headRecord(head).lastLayer}.bias`)?.[0];
}
