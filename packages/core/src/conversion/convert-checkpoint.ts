import type { Sidecar, TargetRequest } from "../adapter/target.ts";
import type { FileSet } from "../bytes/file-set.ts";
import type { DirectorySink } from "../bytes/sink.ts";
import type { ProgressListener } from "../accounting/progress.ts";
import { checkOptions, type OptionNames, wrongOption } from "../arguments/check-options.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { checkTies } from "./check-ties.ts";
import { tokenizerOfLength } from "./extend/tokenizer-of-length.ts";
import type { ConversionPlan } from "./conversion-plan.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { causeOf, fileTracker, type FileTracker } from "../bytes/file-tracker.ts";
import { tensorCopier, type TensorCopier } from "./copy-tensor.ts";

/** Where a conversion writes, and what is written beside the weights. */
export interface ConvertOptions {
  /** Taken over: committed when all is written, aborted on any failure. */
  readonly sink: DirectorySink;
  /** One file of that name instead of a folder's files: no config.json, no tokenizer. */
  readonly fileName?: string | undefined;
  /** Largest shard in bytes of tensor data. */
  readonly shardBytes?: number | undefined;
  /** Where tokenizer files are taken from; default: beside the source. */
  readonly tokenizer?: FileSet | undefined;
  /** Ends the work when it is aborted: the error is `aborted`, and nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
  /** Told of bytes, tensor by tensor: stage `convert`. */
  readonly onProgress?: ProgressListener | undefined;
}

const optionNames: OptionNames<ConvertOptions> = {
  sink: true,
  fileName: true,
  shardBytes: true,
  tokenizer: true,
  signal: true,
  onProgress: true,
};

/** Files that make a tokenizer, by the names transformers gives them. */
export const tokenizerFileNames: readonly string[] = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "vocab.txt",
  "spiece.model",
  "sentencepiece.bpe.model",
  "tokenizer.model",
  "chat_template.jinja",
];

/**
 * Carries a plan out. All or nothing: on any failure the sink is aborted and nothing of it remains.
 * @returns the paths written.
 * @throws LongspanError the plan's `problem`; `source-changed` when any file was changed since it was opened; `weights-mismatch` when a tied copy has other values; what sources and sinks throw.
 */
export async function convertCheckpoint(plan: ConversionPlan, options: ConvertOptions): Promise<readonly string[]> {
  checkOptions(options, optionNames, "converter.convert");
  const { sink, signal, fileName, shardBytes } = options;
  if (fileName !== undefined && typeof fileName !== "string")
    throw wrongOption("fileName", fileName, 'a name, such as "model.safetensors"');
  if (shardBytes !== undefined && !(Number.isSafeInteger(shardBytes) && shardBytes > 0))
    throw wrongOption("shardBytes", shardBytes, "an integer of bytes, such as 5e9");
  if (options.tokenizer !== undefined && typeof Object(options.tokenizer).resolve !== "function")
    throw wrongOption("tokenizer", options.tokenizer, 'a set of files: directoryFileSet("folder")');
  const sidecars: Sidecar[] = [];
  const tracker = fileTracker();
  const tokenizer = tokenizerOf(plan, options.tokenizer, tracker);
  const checkUnchanged = async (): Promise<void> => {
    await plan.source.checkUnchanged({ signal });
    await tracker.checkUnchanged({ signal });
  };
  try {
    if (plan.problem !== undefined) throw plan.problem;
    if (options.shardBytes !== undefined && plan.target.shards !== true) {
      throw new LongspanError("argument-invalid", `The target "${plan.target.name}" is written as one file; it cannot be sharded.`);
    }
    // A tied copy is left out of the target, so it must hold what the parameter holds.
    await checkTies(plan.source, signal);
    if (options.fileName === undefined) await openSidecars(tokenizer, sidecars, signal);
    sink.supersede(plan.target.supersedes);
    const copier = progressCopier(plan, options);
    await plan.target.write(request(plan, options, sidecars, copier));
    await copier.finish();
    throwIfAborted(signal);
    await checkUnchanged();
    return await sink.commit();
  } catch (error) {
    await sink.abort();
    throw await causeOf(error, { checkUnchanged });
  } finally {
    await Promise.all(sidecars.map(({ source }) => source.close()));
  }
}

function progressCopier(plan: ConversionPlan, options: ConvertOptions): TensorCopier {
  const total = plan.steps.reduce((sum, { tensor }) => sum + tensor.byteLength, 0);
  let done = 0;
  return tensorCopier({
    signal: options.signal,
    onBytes: (tensor, bytes) => {
      done += bytes;
      options.onProgress?.({ stage: "convert", item: tensor.name, done, total, unit: "bytes" });
    },
  });
}

function request(plan: ConversionPlan, options: ConvertOptions, sidecars: readonly Sidecar[], copier: TensorCopier): TargetRequest {
  const nameOf = new Map(plan.steps.map(({ canonicalName, target }) => [canonicalName, target]));
  return {
    tensors: plan.steps.map(({ tensor, canonicalName }) => ({ tensor, canonicalName })),
    aliases: plan.layout.aliases.flatMap(({ name, of }) => {
      const written = nameOf.get(of);
      return written === undefined ? [] : [{ name, of: written }];
    }),
    spec: plan.spec,
    config: plan.config,
    sidecars,
    directory: options.fileName === undefined,
    fileName: options.fileName,
    shardBytes: options.shardBytes,
    metadata: plan.source.metadata,
    sink: options.sink,
    signal: options.signal,
    copy: (tensor, to, observe) => copier.copy(tensor, to, observe),
  };
}

/** The user's tokenizer becomes as long as the model; that beside the source is already (`Checkpoint.files`). */
function tokenizerOf({ source }: ConversionPlan, given: FileSet | undefined, tracker: FileTracker): FileSet {
  const files = tracker.track(given ?? source.files);
  return given === undefined || source.extension === undefined ? files : tokenizerOfLength(files, source.extension.maxLength);
}

/** Adds what can be opened to `sidecars`, also when something cannot, so that it is closed. */
async function openSidecars(files: FileSet, sidecars: Sidecar[], signal: AbortSignal | undefined): Promise<void> {
  const found = await Promise.allSettled(
    tokenizerFileNames.map(async (fileName) => ({ fileName, source: await files.resolve(fileName, { signal }) })),
  );
  for (const { fileName, source } of found.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])))
    if (source !== undefined) sidecars.push({ fileName, source });
  const failed = found.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
