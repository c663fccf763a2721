import { LongspanError, type Checkpoint, type Verification } from "@longspan/core";
import { exitCodes, type ExitCode } from "../exit-code.ts";
import { createCommandConverter, openModel, type ModelOptions } from "../model-options.ts";
import { jsonDocument } from "../output/json-document.ts";
import { progressDisplay } from "../output/progress-display.ts";
import { columns, styled, writeLine, type Terminal } from "../terminal.ts";

export interface VerifyCommandOptions extends ModelOptions {
  readonly layout?: string;
  readonly tolerance?: string;
}

/** `longspan verify`: two checkpoints, tensor by tensor, in canonical space. */
export async function verify(
  a: string,
  b: string,
  options: VerifyCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const tolerance = Number(options.tolerance ?? 0);
  if (!(tolerance >= 0)) throw new LongspanError("argument-invalid", `--tolerance ${options.tolerance} is no number, 0 or more.`);
  const converter = await createCommandConverter(options);
  const first = await openModel(converter, a, options, options.layout, signal);
  try {
    const second = await openModel(converter, b, options, options.layout, signal);
    try {
      return await compare(first.checkpoint, second.checkpoint, { tolerance, json: options.json === true }, terminal, signal);
    } finally {
      await second.checkpoint.close();
    }
  } finally {
    await first.checkpoint.close();
  }

  async function compare(
    one: Checkpoint,
    other: Checkpoint,
    { tolerance: largest, json }: { tolerance: number; json: boolean },
    { out, error }: Terminal,
    abort: AbortSignal,
  ): Promise<ExitCode> {
    const progress = await progressDisplay(error);
    try {
      const result = await converter.verify(one, other, { tolerance: largest, signal: abort, onProgress: progress.onProgress });
      progress.stop();
      if (json) out.write(jsonDocument(result));
      else describe(result, terminal);
      return result.equal ? exitCodes.done : exitCodes.input;
    } finally {
      progress.stop();
    }
  }
}

function describe(result: Verification, { out }: Terminal): void {
  const rows = result.tensors.map((tensor) => [
    tensor.name,
    tensor.differing === 0 ? "same" : `${tensor.differing} of ${tensor.elements} differ`,
    tensor.maxAbsoluteDifference.toExponential(2),
    tensor.maxRelativeDifference.toExponential(2),
    tensor.dataTypes === undefined ? "" : tensor.dataTypes.join(" / "),
  ]);
  for (const line of columns([["tensor", "values", "max absolute", "max relative", ""], ...rows])) writeLine(out, line);
  for (const { name, reason } of result.ignored) writeLine(out, styled(out, "dim", `ignored: ${name} (${reason})`));
  for (const name of result.onlyInA) writeLine(out, `${styled(out, "red", "only in the first")}: ${name}`);
  for (const name of result.onlyInB) writeLine(out, `${styled(out, "red", "only in the second")}: ${name}`);
  const verdict = result.equal ? styled(out, "green", "equal") : styled(out, "red", "different");
  writeLine(
    out,
    `${verdict}: ${result.compared} tensors compared, ${result.differing} values differ, largest difference ${result.maxAbsoluteDifference}`,
  );
}
