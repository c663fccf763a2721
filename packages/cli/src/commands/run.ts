import { headName, LongspanError } from "@longspan/core";
import { checkTies } from "@longspan/core/adapter";
import { type Graph, type GraphTensor, selectOutputs } from "@longspan/core/graph";
import { checkpointModel, prepareInputs } from "@longspan/core/runtime";
import type { ModelOptions } from "../model/model-options.ts";
import { createCommandConverter, openModel } from "../model/open-model.ts";
import { asTyped, noteRuntime, noteWarnings } from "../output/notes.ts";
import { describeProfile } from "../output/profile-report.ts";
import { progressDisplay } from "../output/progress-display.ts";
import { writeTensorsDocument } from "../output/tensors-document.ts";
import { openSafetensorsFile } from "../output/write-safetensors.ts";
import { requireProfile } from "../model/require-profile.ts";
import type { ProfileOptions, RuntimeOptions } from "../model/runtime-options.ts";
import { loadRuntime } from "../runtimes/load-runtime.ts";
import { readTensorInputs } from "../tensor-inputs.ts";
import { headerStyle, styled, writeColumns, writeLine, type Terminal } from "../terminal.ts";

export interface RunCommandOptions extends ModelOptions, RuntimeOptions, ProfileOptions {
  readonly layout?: string;
  readonly inputs: string;
  readonly output?: string;
  readonly outputs?: string;
  readonly force?: boolean;
}

/** `longspan run`: the bare model, tensors in, tensors out under Hugging Face's names. */
export async function runModel(model: string, options: RunCommandOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  if (options.output !== undefined && /\.jsonl?$/i.test(options.output))
    throw new LongspanError(
      "argument-invalid",
      `-o writes safetensors, and ${options.output} is the name of a JSON file. Name it .safetensors, or print JSON with --json.`,
      { details: { output: options.output } },
    );
  const wanted = options.outputs?.split(",").map((name) => name.trim());
  const attentionWeights = wanted?.some((name) => /^(?:global_)?attentions\b/.test(name));
  const { precision: dataType, profile, threads } = options;
  const { runtime, reason } = await loadRuntime(options.runtime, { attentionWeights, dataType, threads });
  const raw = await readTensorInputs(options.inputs, terminal, signal);
  const { checkpoint } = await openModel(await createCommandConverter(options), model, options, options.layout, { terminal, signal });
  try {
    const { graph, weights, config, head } = checkpointModel(checkpoint, {
      words: raw.inputs_embeds === undefined ? "input_ids" : "inputs_embeds",
      hiddenStates: wanted?.some((name) => /^hidden_states\b/.test(name)),
      attentions: attentionWeights,
    });
    await checkTies(checkpoint, signal);
    const selected = wanted === undefined ? graph : selectOutputs(graph, outputNames(graph, wanted));
    const inputs = prepareInputs(config, head, raw);
    const file =
      options.output === undefined
        ? undefined
        : await openSafetensorsFile(options.output, {
            force: options.force === true,
            sources: [checkpoint.name, ...(options.inputs === "-" ? [] : [options.inputs])],
            onNote: (note) => noteWarnings([note], terminal),
          });
    noteWarnings(checkpoint.warnings, terminal);
    const progress = await progressDisplay(terminal.error);
    try {
      const session = await runtime.prepare(selected, weights, { signal, onProgress: progress.onProgress, dataType, profile });
      try {
        const readProfile = profile === true ? requireProfile(session.profile, runtime.name, session.device) : undefined;
        progress.stop();
        noteRuntime(options.runtime, runtime.name, reason, terminal);
        const loaded = performance.now();
        const outputs = await session.run(inputs, { signal, onProgress: progress.onProgress });
        const ended = performance.now();
        // The first run may still compile and allocate.
        if (readProfile !== undefined) await session.run(inputs, { signal, onProgress: progress.onProgress });
        progress.stop();
        const written = await file?.write(outputs);
        const taken = readProfile?.();
        if (options.json === true) {
          writeTensorsDocument(terminal.out, outputs, {
            head: headName(head),
            runtime: runtime.name,
            device: session.device,
            reason,
            timings: { loadMilliseconds: loaded - started, runMilliseconds: ended - loaded },
            ...(taken === undefined ? {} : { profile: taken }),
            written: written === undefined ? [] : [written],
            warnings: asTyped(checkpoint.warnings, terminal),
          });
        } else {
          describe(outputs, written, terminal);
          if (taken !== undefined) describeProfile(taken, terminal);
        }
      } finally {
        await session.dispose();
      }
    } finally {
      progress.stop();
      await file?.abandon();
    }
  } finally {
    await checkpoint.close();
  }
}

/** `hidden_states` stands for all `hidden_states.N`, and so on. @throws LongspanError `argument-invalid` naming what there is. */
function outputNames(graph: Graph, wanted: readonly string[]): readonly string[] {
  const known = graph.outputs.map(({ name }) => name);
  return wanted.flatMap((name) => {
    const found = known.filter((candidate) => candidate === name || candidate.startsWith(`${name}.`));
    if (found.length > 0) return found;
    const always = known.filter((candidate) => !/^(?:hidden_states|attentions|global_attentions)\./.test(candidate));
    throw new LongspanError(
      "argument-invalid",
      `This model has no output "${name}". There are: ${always.join(", ")}, hidden_states, attentions, global_attentions, and single ones of the last three, such as hidden_states.0.`,
      { details: { output: name } },
    );
  });
}

function describe(outputs: Readonly<Record<string, GraphTensor>>, written: string | undefined, { out }: Terminal): void {
  const rows = Object.entries(outputs).map(([name, { dataType, shape, data }]) => {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of data) [min, max] = [Math.min(min, value), Math.max(max, value)];
    return [name, dataType, `[${shape.join(", ")}]`, min.toPrecision(6), max.toPrecision(6)];
  });
  writeColumns(out, [["output", "type", "shape", "min", "max"], ...rows], { style: headerStyle });
  if (written === undefined) writeLine(out, styled("dim", "-o FILE writes the values as safetensors, --json prints them"));
  else writeLine(out, styled("green", "wrote"), `  ${written}`);
}
