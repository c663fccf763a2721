import type { EnvelopeContents } from "../adapter/envelope.ts";
import type { Layout } from "../adapter/layout.ts";
import type { FileSet } from "../bytes/file-set.ts";
import type { Checkpoint, CheckpointTensor, Orientation, UnreadableParameter } from "../checkpoint/checkpoint.ts";
import type { MemoryBudget } from "../checkpoint/memory-budget.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { headOfArchitecture, isHeadName, type Head } from "../longformer/head.ts";
import { createLongformerSpec, type LongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import type { Reading } from "../rules/parse-layout.ts";
import { decideOrientation } from "./decide-orientation.ts";
import { matchLayout, type LayoutMatch } from "./match-layout.ts";
import { resolveConfig } from "./resolve-config.ts";
import { labelsInFile, resolveHead } from "./resolve-head.ts";

export interface InterpretationOptions {
  readonly layouts: readonly Layout[];
  readonly config: unknown;
  readonly head: Head | undefined;
  readonly prefix: string | undefined;
  readonly explicitLayout: boolean;
  readonly files: FileSet;
  /** The file's name, for messages. */
  readonly source: string;
  /** What reading config.json may take. */
  readonly budget: MemoryBudget;
}

export type Interpretation = Pick<
  Checkpoint,
  "layout" | "prefix" | "orientation" | "head" | "config" | "configOrigin" | "spec" | "tensors" | "unreadable" | "problem"
> & { readonly warnings: readonly string[] };

/**
 * What an envelope's tensors are in a Longformer: layout, prefix, orientation, configuration and head. What stands in the way of
 * converting is returned as `problem`, so that a file can be inspected all the same.
 */
export async function interpretTensors(contents: EnvelopeContents, options: InterpretationOptions): Promise<Interpretation> {
  const warnings: string[] = [];
  let match: LayoutMatch | undefined;
  let orientation: Orientation | undefined;
  let problem: LongspanError | undefined;
  try {
    // A name says what a model is, whether or not its values can be read.
    match = matchLayout([...contents.tensors, ...(contents.unreadable ?? [])], options.layouts, options.prefix);
    if (match !== undefined) requireLongformer(match, contents, options.source);
    else throw notALongformer(contents, options.source);
    orientation = decideOrientation(contents.tensors, match);
    if (orientation === undefined) requireExplicitOrientation(match, options);
    if (orientation === "exchanged") {
      warnings.push(
        `The linear weights lie the other way round than the layout "${match.parsed.layout.name}" says; the rectangular ones show it. They are read so.`,
      );
    }
  } catch (error) {
    problem = problemIn(error, options.source);
  }
  if (match === undefined || problem !== undefined) {
    return { ...unknown(contents, match, problem), warnings };
  }

  const { config, head, spec, problem: second, notes } = await resolveModel(contents, match, orientation ?? "declared", options);
  const tensors = contents.tensors.map((tensor, index): CheckpointTensor =>
    describeTensor(tensor, match.readings[index] ?? [], spec, orientation ?? "declared"),
  );
  return {
    layout: match.parsed.layout.name,
    prefix: match.prefix,
    orientation: orientation ?? "declared",
    head,
    config: config?.config ?? null,
    configOrigin: config?.origin ?? null,
    spec,
    tensors,
    unreadable: describeUnreadable(contents, match),
    problem: second,
    warnings: [...warnings, ...(config?.notes ?? []), ...notes],
  };
}

async function resolveModel(
  contents: EnvelopeContents,
  match: LayoutMatch,
  orientation: Orientation,
  options: InterpretationOptions,
): Promise<{
  config: Awaited<ReturnType<typeof resolveConfig>> | undefined;
  head: Head | null;
  spec: LongformerSpec | null;
  problem: LongspanError | undefined;
  notes: string[];
}> {
  const shapes = canonicalShapes(contents, match, orientation);
  let config: Awaited<ReturnType<typeof resolveConfig>> | undefined;
  let problem: LongspanError | undefined;
  try {
    config = await resolveConfig({ given: options.config, inside: contents.config, files: options.files, shapes, budget: options.budget });
  } catch (error) {
    problem = problemIn(error, options.source);
  }
  let head: Head | null = null;
  try {
    head = resolveHead({
      given: options.head,
      inside: contents.head,
      architectures: config?.config.source.architectures,
      names: new Set([...shapes.keys(), ...describeUnreadable(contents, match).flatMap(({ canonicalName }) => canonicalName ?? [])]),
    });
  } catch (error) {
    problem ??= problemIn(error, options.source);
  }
  if (config === undefined || head === null) return { config, head, spec: null, problem, notes: [] };
  const labels = labelsInFile(head, shapes);
  const spec = createLongformerSpec(config.config, head, labels === undefined ? {} : { labels });
  try {
    compileLayout(match.parsed.layout, spec);
  } catch (error) {
    problem ??= problemIn(error, options.source);
  }
  const named: unknown = Array.isArray(config.config.source.architectures) ? config.config.source.architectures[0] : undefined;
  const notes =
    typeof named === "string" && named.startsWith("LongformerFor") && headOfArchitecture(named) !== head
      ? [`${config.origin} says ${named}, but the tensors are those of the head "${head}".`]
      : [];
  return { config, head, spec, problem, notes };
}

function problemIn(error: unknown, source: string): LongspanError {
  if (!LongspanError.isInstance(error)) throw error;
  return error.message.startsWith(source)
    ? error
    : new LongspanError(error.code, `${source}: ${error.message}`, { details: error.details, cause: error });
}

function unknown(
  contents: EnvelopeContents,
  match: LayoutMatch | undefined,
  problem: LongspanError | undefined,
): Omit<Interpretation, "warnings"> {
  const known = problem?.code === "orientation-mixed" || problem?.code === "orientation-undecided";
  return {
    layout: known ? (match?.parsed.layout.name ?? null) : null,
    prefix: known ? (match?.prefix ?? "") : "",
    orientation: null,
    head: null,
    config: null,
    configOrigin: null,
    spec: null,
    tensors: contents.tensors.map(({ sourceName, tensor }) => ({
      sourceName,
      tensor,
      canonicalName: null,
      transposed: false,
      role: "unexpected" as const,
    })),
    unreadable: (contents.unreadable ?? []).map(({ sourceName, reason }) => ({ sourceName, canonicalName: null, reason })),
    problem,
  };
}

function describeUnreadable(contents: EnvelopeContents, match: LayoutMatch): UnreadableParameter[] {
  return (contents.unreadable ?? []).map(({ sourceName, reason }, index) => {
    const reading = match.readings[contents.tensors.length + index]?.find(({ kind }) => kind === "parameter");
    return { sourceName, canonicalName: reading?.kind === "parameter" ? reading.canonicalName : null, reason };
  });
}

/** What only a Longformer has. */
const globalProjection = /^encoder\.layer\.\d+\.attention\.self\.query_global\.weight$/;
const localProjection = /^encoder\.layer\.\d+\.attention\.self\.query\.weight$/;

function requireLongformer(match: LayoutMatch, contents: EnvelopeContents, source: string): void {
  const canonical = match.readings.flat().flatMap((reading) => (reading.kind === "parameter" ? [reading.canonicalName] : []));
  if (canonical.some((name) => globalProjection.test(name))) return;
  if (canonical.some((name) => localProjection.test(name))) {
    throw new LongspanError(
      "not-a-longformer",
      `${source} is named like BERT or RoBERTa: it has ordinary attention (query, key, value) in ${canonical.filter((name) => localProjection.test(name)).length} layers, but none of the query_global, key_global, value_global projections that make a Longformer. Convert the Longformer made from it.`,
      { details: { source } },
    );
  }
  throw notALongformer(contents, source);
}

function notALongformer(contents: EnvelopeContents, source: string): LongspanError {
  const names = contents.tensors.map(({ sourceName }) => sourceName);
  const encoderDecoder = names.some((name) => name.includes("longformer_self_attn"))
    ? " These are names of LED, the encoder-decoder Longformer, which is another model."
    : "";
  const shown = names
    .slice(0, 3)
    .map((name) => `"${name}"`)
    .join(", ");
  return new LongspanError(
    "not-a-longformer",
    `${source}: its ${names.length} tensors (${shown}${names.length > 3 ? ", …" : ""}) are not named as any known layout names a Longformer's.${encoderDecoder} If it is one, describe its names with a layout file (--from-layout).`,
    { details: { source, tensors: names.length } },
  );
}

function requireExplicitOrientation(match: LayoutMatch, options: InterpretationOptions): void {
  if (options.explicitLayout) return;
  throw new LongspanError(
    "orientation-undecided",
    `${options.source}: every linear weight is square, so nothing shows whether the matrices lie as the layout "${match.parsed.layout.name}" says. If they do, say so with --from-layout ${match.parsed.layout.name} (option layout).`,
    { details: { layout: match.parsed.layout.name } },
  );
}

function canonicalShapes(contents: EnvelopeContents, match: LayoutMatch, orientation: Orientation): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const [index, { tensor }] of contents.tensors.entries()) {
    for (const reading of match.readings[index] ?? []) {
      if (reading.kind !== "parameter") continue;
      const transposed = isTransposed(reading, tensor.shape, orientation);
      shapes.set(reading.canonicalName, transposed ? tensor.shape.toReversed() : tensor.shape);
    }
  }
  return shapes;
}

/** Exchanged orientation concerns linear weights: every matrix but the embeddings. */
function isTransposed(
  reading: { readonly canonicalName: string; readonly transpose: boolean },
  shape: readonly number[],
  orientation: Orientation,
): boolean {
  const linear = shape.length === 2 && !reading.canonicalName.startsWith("embeddings.");
  return linear && orientation === "exchanged" ? !reading.transpose : reading.transpose && shape.length === 2;
}

function describeTensor(
  { sourceName, tensor }: EnvelopeContents["tensors"][number],
  readings: readonly Reading[],
  spec: LongformerSpec | null,
  orientation: Orientation,
): CheckpointTensor {
  const inSpec = (reading: Reading): boolean =>
    reading.kind !== "drop" && (spec === null || spec.parameter(reading.canonicalName) !== undefined);
  // An untied decoder is a parameter of its own: that reading goes before the alias of the same name.
  const chosen = readings.find((reading) => reading.kind === "parameter" && inSpec(reading)) ?? readings.find(inSpec);
  if (chosen !== undefined && chosen.kind !== "drop") {
    const transposed = isTransposed(chosen, tensor.shape, orientation);
    return chosen.kind === "parameter"
      ? { sourceName, tensor, canonicalName: chosen.canonicalName, transposed, role: "parameter" }
      : { sourceName, tensor, canonicalName: chosen.canonicalName, transposed, role: "alias", reason: chosen.reason };
  }
  const drop = readings.find((reading) => reading.kind === "drop");
  if (drop !== undefined) return { sourceName, tensor, canonicalName: null, transposed: false, role: "dropped", reason: drop.reason };
  const foreign = readings.find((reading) => reading.kind === "parameter");
  if (foreign !== undefined && isHeadName(foreign.canonicalName)) {
    return {
      sourceName,
      tensor,
      canonicalName: null,
      transposed: false,
      role: "dropped",
      reason: `not a parameter of the head "${spec?.head ?? "model"}"`,
    };
  }
  // A trunk parameter the configuration has no place for (a layer too many) keeps its name: see `weightsProblem`.
  return { sourceName, tensor, canonicalName: foreign?.canonicalName ?? null, transposed: false, role: "unexpected" };
}
