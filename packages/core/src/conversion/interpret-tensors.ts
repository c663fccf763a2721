import type { EnvelopeContents } from "../adapter/envelope.ts";
import type { Layout } from "../adapter/layout.ts";
import type { FileSet } from "../bytes/file-set.ts";
import type { Checkpoint, ModelInFile, Orientation } from "../checkpoint/checkpoint.ts";
import type { MemoryBudget } from "../accounting/memory-budget.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { AttentionWindows } from "../longformer/attention-windows.ts";
import type { ExtendOptions } from "../longformer/extend-config.ts";
import { headOfArchitecture, isHeadName } from "../longformer/head.ts";
import { headName, headRecord, type AnyHead } from "../longformer/head-definition.ts";
import { createLongformerSpec, isTrunkName, type LongformerSpec } from "../longformer/spec.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { attempt } from "./attempt.ts";
import type { ReadContents } from "./extend/extend-tensors.ts";
import { chooseModel } from "./choose-model.ts";
import { decideOrientation } from "./decide-orientation.ts";
import { canonicalNames, describeTensors, unreadableParameters } from "./describe-tensors.ts";
import { matchLayout, type LayoutMatch } from "./match-layout.ts";
import { namedEntries } from "./models-in-file.ts";
import { resolveConfig, type ResolvedConfig } from "./resolve-config.ts";
import { labelsInFile, resolveHead } from "./resolve-head.ts";

export interface InterpretationOptions {
  readonly layouts: readonly Layout[];
  readonly config: unknown;
  readonly head: AnyHead | undefined;
  readonly prefix: string | undefined;
  readonly window: AttentionWindows | undefined;
  /** The file is a RoBERTa, and a Longformer of it is wanted. */
  readonly extend: ExtendOptions | undefined;
  readonly explicitLayout: boolean;
  readonly files: FileSet;
  /** The file's name, for messages. */
  readonly source: string;
  /** What reading config.json may take. */
  readonly budget: MemoryBudget;
}

export type Interpretation = Pick<
  Checkpoint,
  | "layout"
  | "prefix"
  | "orientation"
  | "head"
  | "config"
  | "configOrigin"
  | "spec"
  | "tensors"
  | "models"
  | "unreadable"
  | "extension"
  | "problem"
> & { readonly warnings: readonly string[] };

/**
 * What an envelope's tensors are in a Longformer, step by step: layout, which of the file's models, orientation, configuration and head.
 * The first step that cannot be done says why, as `problem`, so that a file can be inspected all the same.
 */
export async function interpretTensors(contents: EnvelopeContents, options: InterpretationOptions): Promise<Interpretation> {
  const matched = await attempt(options.source, () => findLayout(contents, options));
  if (matched.value === undefined) return unknown(contents, { problem: matched.problem });

  const chosen = await chooseModel(matched.value, contents, options);
  const { match, models } = chosen;
  const layout = match.parsed.layout.name;
  if (chosen.problem !== undefined) return unknown(contents, { layout, models, problem: chosen.problem });

  const own = chosen.contents;
  const oriented = await attempt(options.source, () => findOrientation(own, match, options));
  if (oriented.value === undefined)
    return { ...unknown(own, { layout, models, problem: oriented.problem }), prefix: match.prefix, warnings: chosen.notes };

  const orientation = oriented.value;
  const model = await resolveModel(own, match, orientation, options);
  const described = describeTensors(model.read.contents, model.read.match, model.spec, orientation);
  return {
    layout,
    prefix: match.prefix,
    orientation,
    head: model.head,
    config: model.config?.config ?? null,
    configOrigin: model.config?.origin ?? null,
    spec: model.spec,
    tensors: described.tensors,
    models,
    unreadable: described.unreadable,
    extension: model.config?.extension,
    problem: model.problem,
    warnings: [...chosen.notes, ...orientationNotes(orientation), ...(model.config?.notes ?? []), ...model.notes, ...described.notes],
  };
}

/** @throws LongspanError `not-a-longformer`, `ambiguous-format`. */
async function findLayout(contents: EnvelopeContents, { layouts, prefix, source, extend }: InterpretationOptions): Promise<LayoutMatch> {
  // A name says what a model is, whether or not its values can be read.
  const entries = namedEntries(contents.tensors, contents.unreadable);
  const match = matchLayout(entries, layouts, prefix);
  if (match?.trunk.isLongformer === true && extend === undefined) return match;
  const { notALongformer, requireLongformer, requireRoberta } = await import("./not-a-longformer.ts");
  const requireModel = extend === undefined ? requireLongformer : requireRoberta;
  if (match !== undefined) {
    requireModel(match, entries, source);
    return match;
  }
  const without = prefix === undefined ? undefined : matchLayout(entries, layouts);
  if (without === undefined) throw notALongformer(entries, source);
  requireModel(without, entries, source);
  throw new LongspanError(
    "not-a-longformer",
    `${source}: no model stands under the prefix "${prefix}"; there is one under ${without.trunks.map((trunk) => `"${trunk.prefix}"`).join(", ")}.`,
    { details: { source, prefix, prefixes: without.trunks.map((trunk) => trunk.prefix) } },
  );
}

/** @throws LongspanError `orientation-mixed`, `orientation-undecided`. */
function findOrientation(contents: EnvelopeContents, match: LayoutMatch, options: InterpretationOptions): Orientation {
  const orientation = decideOrientation(contents.tensors, match);
  // The rectangular ones may be among those that cannot be read; then that is what stands in the way.
  const hidden = unreadableParameters(contents, match).some(({ canonicalName }) => canonicalName !== null && isTrunkName(canonicalName));
  if (orientation === undefined && !hidden && !options.explicitLayout) {
    throw new LongspanError(
      "orientation-undecided",
      `${options.source}: every linear weight is square, so nothing shows whether the matrices lie as the layout "${match.parsed.layout.name}" says. If they do, say so with --from-layout ${match.parsed.layout.name} (option layout).`,
      { details: { layout: match.parsed.layout.name } },
    );
  }
  return orientation ?? "declared";
}

function orientationNotes(orientation: Orientation): string[] {
  return orientation === "transposed"
    ? ["The linear weights lie transposed, other than the layout says; the rectangular ones show it. They are read so."]
    : [];
}

interface ResolvedModel {
  /** What the file holds; of a RoBERTa that is extended, what it is to hold. */
  readonly read: ReadContents;
  readonly config: ResolvedConfig | undefined;
  readonly head: AnyHead | null;
  readonly spec: LongformerSpec | null;
  readonly problem: LongspanError | undefined;
  readonly notes: readonly string[];
}

/** Configuration, head and what follows from both. The first problem counts; a head is looked for without a configuration, too. */
async function resolveModel(
  contents: EnvelopeContents,
  match: LayoutMatch,
  orientation: Orientation,
  options: InterpretationOptions,
): Promise<ResolvedModel> {
  const { shapes, names } = canonicalNames(contents, match, orientation);
  const configured = await attempt(options.source, () =>
    resolveConfig({
      given: options.config,
      inside: contents.config,
      files: options.files,
      shapes,
      prefix: match.prefix,
      window: options.window,
      extend: options.extend,
      budget: options.budget,
    }),
  );
  const config = configured.value;
  const extended = await attempt(options.source, async () => {
    if (config?.extension === undefined) return { contents, match };
    const { extendTensors } = await import("./extend/extend-tensors.ts");
    return extendTensors({ contents, match }, config.extension, options.source);
  });
  const read = extended.value ?? { contents, match };
  const headed = await attempt(options.source, () =>
    resolveHead({ given: options.head, inside: contents.head, architectures: config?.config.source.architectures, names, shapes }),
  );
  const head = headed.value ?? null;
  if (config === undefined || extended.value === undefined || head === null) {
    return { read, config, head, spec: null, problem: configured.problem ?? extended.problem ?? headed.problem, notes: [] };
  }
  const graft = config.isGraft
    ? (await import("../longformer/keep-graft-attention.ts")).keepGraftAttention(config.config, head)
    : { config: config.config, notes: [] };
  const labels = labelsInFile(head, shapes);
  const spec = createLongformerSpec(graft.config, head, labels === undefined ? {} : { labels });
  const proved = await attempt(options.source, () => compileLayout(match.parsed.layout, spec));
  return {
    read,
    config: { ...config, config: graft.config },
    head,
    spec,
    problem: proved.problem,
    notes: [...graft.notes, ...headNotes(config, spec, options.head, names), ...(await extensionNotes(config))],
  };
}

async function extensionNotes({ extension }: ResolvedConfig): Promise<readonly string[]> {
  return extension === undefined ? [] : (await import("./extend/describe-extension.ts")).describeExtension(extension);
}

function headNotes(
  { config, origin }: ResolvedConfig,
  spec: LongformerSpec,
  given: AnyHead | undefined,
  names: ReadonlySet<string>,
): string[] {
  const { head } = spec;
  if (given === "model") {
    const left = [...names].filter((name) => isHeadName(name));
    return left.length === 0 ? [] : [`The trunk alone is taken (--head model): ${left.join(", ")} of the file's head are left out.`];
  }
  const named: unknown = Array.isArray(config.source.architectures) ? config.source.architectures[0] : undefined;
  const others =
    typeof named === "string" &&
    named.startsWith("LongformerFor") &&
    (typeof head === "string" ? headOfArchitecture(named) !== head : named !== headRecord(head).architecture);
  if (given === undefined) return others ? [`${origin} says ${named}, but the tensors are those of the head "${headName(head)}".`] : [];
  const own = spec.parameters.filter(({ part }) => part === "head").map(({ name }) => name);
  const found = own.filter((name) => names.has(name)).length;
  const lack = found === own.length ? "" : `: the file has ${found === 0 ? "none" : `only ${found}`} of its ${own.length} parameters`;
  if (others) return [`${origin} says ${named}, but the head that was given is "${headName(head)}"${lack}.`];
  return lack === "" ? [] : [`The head that was given is "${headName(head)}"${lack}.`];
}

/** A file whose tensors cannot be told apart, in all or in part. */
function unknown(
  contents: EnvelopeContents,
  known: { readonly layout?: string; readonly models?: readonly ModelInFile[]; readonly problem: LongspanError },
): Interpretation {
  return {
    layout: known.layout ?? null,
    prefix: "",
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
    models: known.models ?? [],
    unreadable: (contents.unreadable ?? []).map(({ sourceName, reason }) => ({ sourceName, canonicalName: null, reason })),
    problem: known.problem,
    warnings: [],
  };
}
