import type { Container, OpenedContainer } from "../adapter/container.ts";
import type { Envelope, EnvelopeContents } from "../adapter/envelope.ts";
import type { FormatAdapter } from "../adapter/format-adapter.ts";
import type { Layout } from "../adapter/layout.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import type { FileSet, ResolveOptions } from "../bytes/file-set.ts";
import { causeOf, fileTracker, type FileTracker } from "../bytes/file-tracker.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { wrappedFileSet } from "../bytes/wrapped-file-set.ts";
import { checkAdapters } from "../arguments/check-adapters.ts";
import { checkHead } from "../arguments/known-name.ts";
import { checkOptions, type OptionNames, wrongOption } from "../arguments/check-options.ts";
import type { CheckpointInput } from "../bytes/checkpoint-input.ts";
import { checkpointInput, placeName, type CheckpointPlace } from "../place/checkpoint-place.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { memoryBudget, type OpenLimits } from "../accounting/memory-budget.ts";
import { errorCodes } from "../errors/error-codes.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { AttentionWindows } from "../longformer/attention-windows.ts";
import type { ExtendOptions } from "../longformer/extend-config.ts";
import type { AnyHead } from "../longformer/head-definition.ts";
import { layoutOfHead } from "../rules/layout-of-head.ts";
import type { Weights } from "../tensor/weights.ts";
import { shownMessage } from "../text/shown-message.ts";
import { shownValue } from "../text/shown-value.ts";
import { chooseClaim, uniqueByName } from "./choose-claim.ts";
import { deriveParameters } from "./derive-parameters.ts";
import { type Entry, findEntry } from "./find-entry.ts";
import type { Interpretation } from "./interpret-tensors.ts";

/** How a checkpoint is opened. Only the adapters have to be said: the rest follows from the files, and is said where they leave it open. */
export interface OpenOptions {
  /** The formats the file may be in. */
  readonly adapters: readonly FormatAdapter[];
  /** A parsed config.json; wins over what lies beside or inside the file. */
  readonly config?: unknown;
  /** One of `heads`, or a head of one's own (`defineHead`); default: the one the file has. */
  readonly head?: AnyHead | undefined;
  /** The layout to read with, or its name; default: the one that fits. */
  readonly layout?: Layout | string | undefined;
  /** What stands before the trunk's names; default: what most names have. */
  readonly prefix?: string | undefined;
  /** Windows of attention (both sides together) that win over the configuration's: one for all layers, or one for each. */
  readonly window?: AttentionWindows | undefined;
  /**
   * Opens a RoBERTa, XLM-R or CamemBERT as the Longformer that the published recipe makes of it, which should then be trained: longer
   * positions, global projections copied from the local ones, these windows. Nothing else is opened so, and no adapter over a `base`.
   */
  readonly extend?: ExtendOptions | undefined;
  /** What opening may cost; default: see `OpenLimits`. */
  readonly limits?: OpenLimits | undefined;
  /** The model that a file builds on which is none by itself: the base of an adapter (PEFT). */
  readonly base?: CheckpointPlace | undefined;
  /** A parsed adapter_config.json, where none lies beside an adapter's tensors. */
  readonly adapterConfig?: unknown;
  /** Which adapter is merged, where a file holds several. */
  readonly adapterName?: string | undefined;
  /** Ends the opening when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** All but the adapters, which a converter has already. */
export const openOptionNames: OptionNames<Omit<OpenOptions, "adapters">> = {
  head: true,
  config: true,
  layout: true,
  prefix: true,
  window: true,
  extend: true,
  limits: true,
  base: true,
  adapterConfig: true,
  adapterName: true,
  signal: true,
};

const headBytes = 4096;

/**
 * Opens a checkpoint, by its path or URL, or wherever else its files are: reads headers, finds out what it is, and says what its tensors are in a Longformer. A file that is no
 * Longformer opens too (for inspecting); its `weights()` throw. All its files are of one moment.
 * @throws LongspanError `source-changed` when one of them was changed meanwhile; `not-found`, `not-a-checkpoint`, `ambiguous-format`,
 * `truncated`, `malformed`, `unsupported`, `limit-exceeded`, `adapter-invalid`, `layout-unknown`, `argument-invalid`, …
 */
export async function openCheckpoint(place: CheckpointPlace, options: OpenOptions): Promise<Checkpoint> {
  checkAdapters(options, "openCheckpoint(place, { adapters: [torch()] })");
  checkOptions(options, { adapters: true, ...openOptionNames }, "openCheckpoint");
  checkHead(options.head);
  const { prefix } = options;
  if (prefix !== undefined && typeof prefix !== "string")
    throw wrongOption("prefix", prefix, 'what stands before the names of the trunk, as text: "model."');
  checkConfig(options.config);
  if (options.extend !== undefined && options.base !== undefined) throw adapterToExtend();
  const { signal } = options;
  throwIfAborted(signal);
  const input = await checkpointInput(place);
  const tracker = fileTracker();
  // The signal is the opening's: later, the checkpoint's files are opened without it.
  const opening: { signal?: AbortSignal | undefined } = { signal };
  const files = wrappedFileSet(tracker.track(input.files), (folder, fileName, given) => folder.resolve(fileName, { ...opening, ...given }));
  try {
    return await openTracked({ ...input, files }, options, tracker);
  } catch (error) {
    throwIfAborted(signal);
    throw await causeOf(error, tracker);
  } finally {
    opening.signal = undefined;
  }
}

async function openTracked(input: CheckpointInput, options: OpenOptions, tracker: FileTracker): Promise<Checkpoint> {
  const { signal } = options;
  const entry = await findEntry(input, options.adapters);
  const { source } = entry;
  // Reads under way end with their source.
  const interrupt = (): void => void source.close();
  signal?.addEventListener("abort", interrupt);
  let opened: OpenedContainer | undefined;
  const base = baseOpener(options);
  try {
    const budget = memoryBudget(source.name, source.size, options.limits);
    const container = entry.container ?? (await chooseContainer(source, options.adapters));
    const named: ResolveOptions = { namedIn: source.name };
    const files = wrappedFileSet(entry.files, (folder, fileName, given) => folder.resolve(fileName, { ...named, ...given }));
    const { fileName } = entry;
    const loading = import("./interpretation.ts");
    loading.catch(() => undefined);
    const contained = await namingFile(source.name, fileName, () => container.open({ source, fileName, files, budget, signal }));
    opened = contained;
    const { envelope, contents: enclosed } = await namingFile(source.name, fileName, () =>
      openEnvelope(contained, options.adapters, source.name),
    );
    const asked = new Set<string>();
    const contents = await deriveParameters(enclosed, options.adapters, {
      source: source.name,
      files: entry.sidecarFiles,
      openBase: base?.open,
      get adapterConfig() {
        asked.add("adapterConfig");
        return options.adapterConfig;
      },
      get adapterName() {
        asked.add("adapterName");
        return options.adapterName;
      },
      budget,
      signal,
    });
    const sidecarFiles = contents.sidecarFiles ?? entry.sidecarFiles;
    const known = contents.layout;
    const { interpretTensors, checkedWeights } = await loading;
    const interpretation = await interpretTensors(contents, {
      layouts: ofHead(known === undefined ? namedLayouts(options) : [known], options.head),
      config: options.config,
      head: options.head,
      prefix: known === undefined ? options.prefix : undefined,
      window: options.window,
      extend: options.extend,
      explicitLayout: options.layout !== undefined || known !== undefined,
      files: sidecarFiles,
      source: source.name,
      budget,
    });
    const { problem } = contents;
    const described = problem === undefined ? interpretation : { ...interpretation, head: null, spec: null, problem };
    const unused = [
      ...(base !== undefined && !base.wasOpened() ? [unusedBase(source.name, base.place)] : []),
      ...(["adapterConfig", "adapterName"] as const).flatMap((option) =>
        options[option] === undefined || asked.has(option)
          ? []
          : [`${source.name} holds no adapter (PEFT): what option ${option} says is not used.`],
      ),
    ];
    await tracker.checkUnchanged({ signal });
    throwIfAborted(signal);
    const { extension } = interpretation;
    return checkpoint({
      source,
      opened,
      container,
      envelope,
      contents,
      interpretation: { ...described, warnings: [...described.warnings, ...unused] },
      entry,
      files:
        extension === undefined
          ? sidecarFiles
          : (await import("./extend/tokenizer-of-length.ts")).tokenizerOfLength(sidecarFiles, extension.maxLength),
      tracker,
      base,
      checkedWeights,
    });
  } catch (error) {
    await base?.close();
    await opened?.close();
    await source.close();
    throw error;
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
}

interface BaseOpener {
  readonly place: CheckpointPlace;
  readonly open: () => Promise<Checkpoint>;
  readonly wasOpened: () => boolean;
  readonly checkUnchanged: Checkpoint["checkUnchanged"];
  readonly close: () => Promise<void>;
}

/** Opens the base when it is asked for. Layout and prefix are what the user says of its names, which an adapter's own follow. */
function baseOpener({ base, adapters, config, layout, prefix, window, limits, signal }: OpenOptions): BaseOpener | undefined {
  if (base === undefined) return undefined;
  let opened: Promise<Checkpoint> | undefined;
  return {
    place: base,
    open: async () => (opened ??= openCheckpoint(base, { adapters, config, layout, prefix, window, limits, signal })),
    wasOpened: () => opened !== undefined,
    checkUnchanged: async (given) => (await opened)?.checkUnchanged(given),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

function adapterToExtend(): LongspanError {
  return new LongspanError(
    "argument-invalid",
    "A whole model is extended, not an adapter (PEFT) over its base: its global projections are copies of what is merged. Merge the adapter first (merge_and_unload() in PEFT), and extend what comes of it.",
  );
}

function unusedBase(source: string, base: CheckpointPlace): string {
  return `${source} is a whole model: the base given for it (${placeName(base)}) is not used.`;
}

/** config.json is given as what is in it, not as text or a path. */
function checkConfig(config: unknown): void {
  if (config === undefined || (typeof config === "object" && config !== null && !Array.isArray(config))) return;
  throw new LongspanError(
    "config-invalid",
    `The option config is ${shownValue(config)}. Give what config.json holds, as an object: JSON.parse(text).`,
  );
}

interface Parts {
  readonly source: ByteSource;
  readonly opened: OpenedContainer;
  readonly container: Container;
  readonly envelope: Envelope;
  readonly contents: EnvelopeContents;
  readonly interpretation: Interpretation;
  readonly entry: Entry;
  /** What lies beside. */
  readonly files: FileSet;
  readonly tracker: FileTracker;
  readonly base: BaseOpener | undefined;
  readonly checkedWeights: (checkpoint: Checkpoint) => Weights;
}

function checkpoint({
  source,
  opened,
  container,
  envelope,
  contents,
  interpretation,
  entry,
  files,
  tracker,
  base,
  checkedWeights,
}: Parts): Checkpoint {
  const close = async (): Promise<void> => {
    await base?.close();
    await opened.close();
    await source.close();
  };
  const built: Checkpoint = {
    ...interpretation,
    name: source.name,
    container: container.name,
    envelope: envelope.name,
    dropped: contents.dropped,
    metadata: contents.metadata,
    warnings: [...entry.warnings, ...opened.warnings, ...contents.warnings, ...interpretation.warnings].map(shownMessage),
    files,
    async checkUnchanged(given) {
      await tracker.checkUnchanged(given);
      await base?.checkUnchanged(given);
    },
    weights: () => checkedWeights(built),
    close,
    [Symbol.asyncDispose]: close,
  };
  return built;
}

async function chooseContainer(source: ByteSource, adapters: readonly FormatAdapter[]): Promise<Container> {
  const head = (await source.read(0, Math.min(headBytes, source.size))).slice();
  const containers = uniqueByName(adapters.flatMap((adapter) => adapter.containers));
  const claims = await Promise.all(containers.map(async (detector) => ({ detector, claim: await detector.detect({ source, head }) })));
  const chosen = chooseClaim(
    claims.flatMap(({ detector, claim }) => (claim === undefined ? [] : [{ detector, claim }])),
    source.name,
  );
  if (chosen === undefined) {
    const { describeUnknownFile } = await import("./describe-unknown-file.ts");
    throw new LongspanError(
      "not-a-checkpoint",
      `${source.name} is no checkpoint that can be read: ${describeUnknownFile(head, source.size)}.`,
      {
        details: { source: source.name, size: source.size, formats: containers.map(({ name }) => name) },
      },
    );
  }
  return chosen.detector;
}

/** Opens with the adapters' parts, which know what is wrong in a file, and not always of which file. */
async function namingFile<Opened>(name: string, fileName: string, step: () => Opened | Promise<Opened>): Promise<Opened> {
  try {
    return await step();
  } catch (error) {
    if (!LongspanError.isInstance(error) || errorCodes[error.code] !== "input" || error.message.includes(shownMessage(fileName)))
      throw error;
    throw new LongspanError(error.code, `${name}: ${error.message}`, { details: error.details, cause: error });
  }
}

function openEnvelope(
  opened: OpenedContainer,
  adapters: readonly FormatAdapter[],
  name: string,
): { envelope: Envelope; contents: EnvelopeContents } {
  const envelopes = uniqueByName(adapters.flatMap((adapter) => adapter.envelopes));
  const chosen = chooseClaim(
    envelopes.flatMap((detector) => {
      const claim = detector.detect(opened);
      return claim === undefined ? [] : [{ detector, claim }];
    }),
    name,
  );
  if (chosen === undefined) {
    throw new LongspanError(
      "not-a-checkpoint",
      `${name} can be read, but there is no state dict in it: no map of names to tensors at its top or one level below.`,
      {
        details: { source: name },
      },
    );
  }
  return { envelope: chosen.detector, contents: chosen.detector.open(opened) };
}

/** The layouts with rules for the parameters of a head of the caller's own. */
function ofHead(layouts: readonly Layout[], head: AnyHead | undefined): readonly Layout[] {
  return head === undefined ? layouts : layouts.map((layout) => layoutOfHead(layout, head));
}

/** The layouts that may fit. */
function namedLayouts(options: OpenOptions): readonly Layout[] {
  const layouts = uniqueByName(options.adapters.flatMap((adapter) => adapter.layouts));
  const { layout } = options;
  if (layout === undefined) return layouts;
  if (typeof layout !== "string") return [layout];
  const found = layouts.find(({ name }) => name === layout);
  if (found === undefined) {
    throw new LongspanError(
      "layout-unknown",
      `There is no layout "${layout}". There are: ${layouts.map(({ name }) => name).join(", ")}; or give a layout file.`,
      {
        details: { layout },
      },
    );
  }
  return [found];
}
