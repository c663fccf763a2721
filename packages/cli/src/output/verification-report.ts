import type { Verification } from "@longspan/core";
import type { ForwardComparison } from "@longspan/core/runtime";
import { styled, writeColumns, writeLine, type StyledText, type Terminal } from "../terminal.ts";

export function describeVerification(result: Verification, { out }: Terminal): void {
  const rows = result.tensors.map((tensor) => [
    tensor.name,
    tensor.differing === 0 ? "same" : `${tensor.differing} of ${tensor.elements} differ`,
    tensor.maxAbsoluteDifference.toExponential(2),
    tensor.maxRelativeDifference.toExponential(2),
    tensor.dataTypes === undefined ? "" : tensor.dataTypes.join(" / "),
  ]);
  writeColumns(out, [["tensor", "values", "max absolute", "max relative", ""], ...rows]);
  for (const { name, reason } of result.ignored) writeLine(out, styled("dim", `ignored: ${name} (${reason})`));
  for (const name of result.onlyInA) writeLine(out, styled("red", "only in the first"), `: ${name}`);
  for (const name of result.onlyInB) writeLine(out, styled("red", "only in the second"), `: ${name}`);
  writeLine(
    out,
    verdict(result.equal),
    `: ${result.compared} tensors compared, ${result.differing} values differ, largest difference ${result.maxAbsoluteDifference}`,
  );
}

export function describeForward(result: ForwardComparison, { out }: Terminal): void {
  writeLine(out);
  const rows = result.samples.flatMap(({ name, outputs }) =>
    outputs.map((output) => [
      name,
      output.name,
      `[${output.shape.join(", ")}]`,
      output.differing === 0 ? "within tolerance" : `${output.differing} differ`,
      output.maxAbsoluteDifference.toExponential(2),
    ]),
  );
  writeColumns(out, [["inputs", "output", "shape", "values", "max absolute"], ...rows]);
  for (const { name, problem } of result.samples) {
    if (problem === undefined) continue;
    writeLine(out, styled("red", `the ${problem.model === "a" ? "first" : "second"} does not take "${name}"`), `: ${problem.message}`);
  }
  for (const name of result.onlyInA) writeLine(out, styled("red", "output of the first only"), `: ${name}`);
  for (const name of result.onlyInB) writeLine(out, styled("red", "output of the second only"), `: ${name}`);
  if (result.firstDeparture !== null) {
    const { output, part, sample } = result.firstDeparture;
    writeLine(out, `first departure: ${part === null ? output : `${part} (${output})`}, on "${sample}"`);
    if (part === null) writeLine(out, styled("dim", "--layers says in which layer"));
  }
  writeLine(
    out,
    verdict(result.equal),
    `: outputs of ${result.samples.length} inputs compared, largest difference ${result.maxAbsoluteDifference}, tolerance ${result.tolerance} (${result.runtime}, ${result.device})`,
  );
}

function verdict(equal: boolean): StyledText {
  return equal ? styled("green", "equal") : styled("red", "different");
}
