import { type ConversionPlan, headName } from "@longspan/core";
import { noteWarnings } from "./notes.ts";
import { headerStyle, styled, writeColumns, writeLine, type Terminal } from "../terminal.ts";

/** The JSON document of `longspan convert` and `longspan extend`; its keys are a contract. */
export function conversionDocument(plan: ConversionPlan, written: readonly string[], dryRun: boolean): Record<string, unknown> {
  return {
    source: plan.source.name,
    target: plan.target.name,
    layout: plan.layout.layout.name,
    head: headName(plan.spec.head),
    ...(plan.source.extension === undefined ? {} : { extension: plan.source.extension }),
    dryRun,
    alreadyConverted: plan.alreadyConverted,
    written,
    converted: plan.steps.map(
      ({ source, sourceShape, sourceDataType, target, targetShape, targetDataType, transposed, canonicalName }) => ({
        source,
        sourceShape,
        target,
        targetShape,
        transposed,
        canonicalName,
        sourceDataType,
        targetDataType,
      }),
    ),
    dropped: plan.dropped,
    unreadable: plan.unreadable.map(({ sourceName, canonicalName, reason }) => ({ name: sourceName, canonicalName, reason })),
    missing: plan.missing.map(({ name, nearest }) => ({ name, nearest: nearest ?? null })),
    unexpected: plan.unexpected.map(({ name, nearest }) => ({ name, nearest: nearest ?? null })),
    wrongShape: plan.wrongShape,
    warnings: plan.warnings,
  };
}

/** The plan as a table: source name, shape, target name, shape, T where the matrix is transposed. */
export function describePlan(plan: ConversionPlan, terminal: Terminal): void {
  const { out } = terminal;
  const rows = plan.steps.map((step) => [
    step.source,
    shape(step.sourceShape),
    step.target,
    shape(step.targetShape),
    step.transposed ? "T" : "",
  ]);
  writeColumns(out, [["source", "shape", `target (${plan.layout.layout.name})`, "shape", "T"], ...rows], { style: headerStyle });
  describeRest(plan, terminal);
  writeLine(out, summary(plan));
}

export function describeResult(plan: ConversionPlan, written: readonly string[], terminal: Terminal): void {
  describeRest(plan, terminal);
  writeLine(terminal.out, summary(plan));
  for (const path of written) writeLine(terminal.out, styled("green", "wrote"), `  ${path}`);
}

function describeRest(plan: ConversionPlan, terminal: Terminal): void {
  const { out, error } = terminal;
  for (const { name, reason } of plan.dropped) writeLine(out, styled("dim", "dropped"), `  ${name}: ${reason}`);
  for (const { sourceName, reason } of plan.unreadable) writeLine(error, styled("red", "cannot be read"), `  ${sourceName}: ${reason}`);
  for (const { name, nearest } of plan.missing)
    writeLine(error, styled("red", "missing"), `  ${name}${nearest === undefined ? "" : ` (nearest in the file: ${nearest})`}`);
  for (const { name, nearest } of plan.unexpected)
    writeLine(error, styled("yellow", "unexpected"), `  ${name}${nearest === undefined ? "" : ` (nearest legal name: ${nearest})`}`);
  for (const { name, found, expected } of plan.wrongShape)
    writeLine(error, styled("red", "wrong shape"), `  ${name}: ${shape(found)}, expected ${shape(expected)}`);
  noteWarnings(plan.warnings, terminal);
}

function summary(plan: ConversionPlan): string {
  const transposed = plan.steps.filter((step) => step.transposed).length;
  return `${plan.steps.length} tensors (${transposed} transposed), ${plan.dropped.length} dropped: ${plan.source.layout ?? "?"} → ${plan.layout.layout.name}, head ${headName(plan.spec.head)}`;
}

function shape(dimensions: readonly number[]): string {
  return `[${dimensions.join(", ")}]`;
}
