import { stat } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { type ConversionPlan, type DirectorySink, LongspanError } from "@longspan/core";
import type { Target } from "@longspan/core/adapter";
import { directorySink, type DirectorySinkOptions, fileSink } from "@longspan/core/node";
import { type ModelInput, tokenizerFiles } from "../model/model-input.ts";
import { layoutOption, openModel } from "../model/open-model.ts";
import type { OutputOptions } from "../model/output-options.ts";
import { requireStrict } from "../model/require-strict.ts";
import { createTargetConverter, quantizationNote } from "../model/target-converter.ts";
import { conversionDocument, describePlan, describeResult } from "../output/conversion-report.ts";
import { jsonDocument } from "../output/json-document.ts";
import { asTyped, noteWarnings } from "../output/notes.ts";
import { progressDisplay } from "../output/progress-display.ts";
import type { Terminal } from "../terminal.ts";

/** `longspan convert`: one checkpoint into another framework's form; and `longspan extend`, with which a RoBERTa is opened as a Longformer. */
export async function convert(model: string, options: OutputOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const converter = await createTargetConverter(options);
  const { dtype, output = "" } = options;
  if (output === "" && options.dryRun !== true)
    throw new LongspanError("argument-invalid", "Say where to write with -o, or look at the plan with --dry-run.");
  const { checkpoint, input } = await openModel(converter, model, options, options.fromLayout, {
    terminal,
    signal,
    remote: options.dryRun === true,
  });
  try {
    const planned = converter.plan(checkpoint, {
      target: options.to,
      layout: await layoutOption(options.layout, { terminal, signal, limits: options.limit }),
      dataType: dtype,
    });
    const plan = options.quantize === undefined ? planned : { ...planned, warnings: [...planned.warnings, quantizationNote] };
    const typed = { ...plan, warnings: asTyped(plan.warnings, terminal) };
    if (options.dryRun === true) {
      if (options.json === true) terminal.out.write(jsonDocument(conversionDocument(typed, [], true)));
      else describePlan(plan, terminal);
      if (plan.problem !== undefined) throw plan.problem;
      requireStrict(options.strict, checkpoint.name, plan.warnings);
      return;
    }
    if (plan.problem !== undefined) throw plan.problem;
    requireStrict(options.strict, checkpoint.name, plan.warnings);
    const place = await outputPlace(output, plan.target, converter.targets);
    const onNote = (note: string): void => noteWarnings([note], terminal);
    const sink = await openSink(place, plan, input, { force: options.force === true, onNote, signal });
    const progress = await progressDisplay(terminal.error);
    try {
      const written = await converter.convert(plan, {
        sink,
        fileName: place.fileName,
        shardBytes: options.shardSize,
        tokenizer: await tokenizerFiles(options, { terminal, signal }),
        signal,
        onProgress: progress.onProgress,
      });
      progress.stop();
      if (options.json === true) terminal.out.write(jsonDocument(conversionDocument(typed, written, false)));
      else describeResult(plan, written, terminal);
    } finally {
      progress.stop();
    }
  } finally {
    await checkpoint.close();
  }
}

interface OutputPlace {
  readonly path: string;
  /** The file's name when one file is meant; undefined: a folder. */
  readonly fileName: string | undefined;
}

/**
 * A path is a folder if it ends in a slash, is one already, or lacks the ending of the target's files.
 * @throws LongspanError `argument-invalid` for the name of another target's file: nobody calls a folder so
 */
async function outputPlace(output: string, target: Target, targets: readonly Target[]): Promise<OutputPlace> {
  const path = resolve(output);
  const isFolder =
    /[/\\]$/.test(output) ||
    (await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    ));
  const extension = extname(path);
  if (!isFolder && target.fileExtensions.includes(extension)) return { path, fileName: basename(path) };
  const other = isFolder ? undefined : targets.find(({ fileExtensions }) => fileExtensions.includes(extension));
  if (other === undefined) return { path, fileName: undefined };
  const own = target.fileExtensions.length === 0 ? "a folder" : `a folder, or a file that ends in ${target.fileExtensions.join(", ")}`;
  throw new LongspanError(
    "argument-invalid",
    `${output} is the name of a file of the target "${other.name}", and "${target.name}" writes ${own}. Choose the other target, or another name; a folder's may end in a slash.`,
    { details: { output, target: target.name, other: other.name } },
  );
}

async function openSink(
  place: OutputPlace,
  plan: ConversionPlan,
  input: ModelInput,
  { signal, ...options }: Pick<DirectorySinkOptions, "force" | "onNote" | "signal">,
): Promise<DirectorySink> {
  // An index's shards are sources as it is: all files beside it are protected.
  const sharded = plan.source.name.endsWith(".index.json") && input.folder !== undefined;
  const sources = [sharded ? input.folder : plan.source.name];
  const besides = place.fileName === undefined ? [] : (plan.target.besides?.(place.fileName) ?? []);
  if (place.fileName !== undefined && besides.length > 0)
    return directorySink(dirname(place.path), { ...options, signal, sources, fileNames: [place.fileName, ...besides] });
  if (place.fileName !== undefined) return fileSink(place.path, { ...options, sources });
  if (input.folder !== undefined && resolve(input.folder) === place.path) {
    throw new LongspanError("target-is-source", `${place.path} is the folder that is read from. Write to another one.`, {
      details: { path: place.path },
    });
  }
  return directorySink(place.path, { ...options, signal, sources });
}
