import { type Checkpoint, type Converter, LongspanError } from "@longspan/core";
import type { ForwardComparison } from "@longspan/core/runtime";
import { exitCodes, type ExitCode } from "../exit-code.ts";
import type { ModelOptions } from "../model/model-options.ts";
import { createCommandConverter } from "../model/open-model.ts";
import { requireStrict } from "../model/require-strict.ts";
import { openPair, type OpenedPair } from "../model/open-pair.ts";
import { jsonDocument } from "../output/json-document.ts";
import { asTyped, noteRuntime, noteWarnings } from "../output/notes.ts";
import { progressDisplay } from "../output/progress-display.ts";
import { describeForward, describeVerification } from "../output/verification-report.ts";
import type { RuntimeOptions } from "../model/runtime-options.ts";
import type { Terminal } from "../terminal.ts";

export interface VerifyCommandOptions extends ModelOptions, RuntimeOptions {
  readonly layout?: string;
  readonly tolerance?: number;
  readonly forward?: boolean;
  readonly inputs?: string;
  readonly layers?: boolean;
}

/** `longspan verify`: two checkpoints, tensor by tensor, in canonical space; with `--forward` what they give, too. */
export async function verify(
  a: string,
  b: string,
  options: VerifyCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { tolerance } = options;
  if (options.forward !== true && (options.inputs !== undefined || options.layers === true))
    throw new LongspanError(
      "argument-invalid",
      `${options.layers === true ? "--layers" : "--inputs"} belongs to --forward. Give that as well.`,
    );
  // A wrong name or file is said before the checkpoints are compared.
  const runForward = options.forward === true ? await forwardComparison(options, tolerance, terminal, signal) : undefined;
  const converter = await createCommandConverter(options);
  const pair = await openPair(converter, [a, b], options, { terminal, signal });
  try {
    noteWarnings(pair.notes, terminal);
    requireStrict(options.strict, `${a} and ${b}`, pair.notes);
    return await compare(converter, pair, { tolerance, runForward, json: options.json === true }, terminal, signal);
  } finally {
    await pair.close();
  }
}

/** With why that runtime. */
type RunForward = (a: Checkpoint, b: Checkpoint) => Promise<ForwardComparison & { readonly reason: string }>;

/** Loads what `--forward` needs; without it, nothing that runs models is loaded. */
async function forwardComparison(
  options: VerifyCommandOptions,
  tolerance: number | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<RunForward> {
  const [{ loadRuntime }, { readTensorInputs }, { compareForward }] = await Promise.all([
    import("../runtimes/load-runtime.ts"),
    import("../tensor-inputs.ts"),
    import("@longspan/core/runtime"),
  ]);
  const { precision: dataType, threads } = options;
  const { runtime, reason } = await loadRuntime(options.runtime, { dataType, threads });
  const inputs =
    options.inputs === undefined
      ? undefined
      : [
          {
            name: options.inputs === "-" ? "standard input" : options.inputs,
            inputs: await readTensorInputs(options.inputs, terminal, signal),
          },
        ];
  return async (a, b) => {
    noteRuntime(options.runtime, runtime.name, reason, terminal);
    const progress = await progressDisplay(terminal.error);
    try {
      const { layers } = options;
      const compared = await compareForward(a, b, {
        runtime,
        dataType,
        inputs,
        tolerance,
        layers,
        signal,
        onProgress: progress.onProgress,
      });
      return { ...compared, reason };
    } finally {
      progress.stop();
    }
  };
}

interface CompareOptions {
  readonly tolerance: number | undefined;
  readonly runForward: RunForward | undefined;
  readonly json: boolean;
}

async function compare(
  converter: Converter,
  { a, b, notes }: OpenedPair,
  { tolerance, runForward, json }: CompareOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const progress = await progressDisplay(terminal.error);
  try {
    const result = await converter.verify(a, b, { tolerance: tolerance ?? 0, signal, onProgress: progress.onProgress });
    progress.stop();
    if (!json) describeVerification(result, terminal);
    const forward = await runForward?.(a, b);
    if (json)
      terminal.out.write(jsonDocument({ ...result, ...(forward === undefined ? {} : { forward }), warnings: asTyped(notes, terminal) }));
    else if (forward !== undefined) describeForward(forward, terminal);
    return result.equal && forward?.equal !== false ? exitCodes.done : exitCodes.input;
  } finally {
    progress.stop();
  }
}
