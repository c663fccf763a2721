import type { AdapterDescription } from "@longspan/runtime-webgpu";
import { styled, writeColumns, writeLine, type Terminal } from "../terminal.ts";

/** A way to run models, in the order in which they are tried. */
export interface RuntimeReport {
  readonly name: string;
  readonly usable: boolean;
  /** What it is, or what stands in its way. */
  readonly description: string;
}

/** What `longspan doctor` found: with `--json` this very document. */
export interface MachineReport {
  readonly longspan: string;
  readonly node: string;
  readonly platform: string;
  /** What runs a model without `--runtime`. */
  readonly chosen: { readonly runtime: string; readonly reason: string };
  readonly runtimes: readonly RuntimeReport[];
  /** Also software adapters, which `--runtime webgpu` takes. */
  readonly adapters: readonly AdapterDescription[];
  readonly adaptersProblem: string | null;
  /** Null where it is not installed. */
  readonly packages: readonly { readonly name: string; readonly version: string | null }[];
  /** What would make it faster. */
  readonly hints: readonly string[];
}

/** What `longspan doctor` found, for people. */
export function describeMachine(report: MachineReport, { out }: Terminal): void {
  const section = (title: string): void => {
    writeLine(out);
    writeLine(out, styled("bold", title));
  };
  const table = (rows: readonly (readonly string[])[]): void => writeColumns(out, rows);
  table([
    ["longspan", report.longspan],
    ["Node", `${report.node} (${report.platform})`],
    ["chosen", `${report.chosen.runtime}: ${report.chosen.reason}`],
  ]);
  section("runtimes, as they are tried without --runtime");
  writeColumns(
    out,
    report.runtimes.map(({ name, usable, description }) => [name, usable ? "yes" : "no", description]),
    { style: (row) => (report.runtimes[row]?.usable === true ? "green" : "dim") },
  );
  section("packages");
  table(report.packages.map(({ name, version }) => [name, version ?? "not installed"]));
  section("GPU adapters");
  if (report.adapters.length === 0) writeLine(out, report.adaptersProblem ?? "none");
  for (const { name, kind, features, limits, matrixUnits } of report.adapters) {
    writeLine(out, `${name}${kind === "cpu" ? "  (software: only with --runtime webgpu)" : ""}`);
    table([
      ["  features", features.join(" ")],
      ["  matrix units", matrixUnitsOf(matrixUnits)],
      ...Object.entries(limits).map(([limit, value]) => [`  ${limit}`, String(value)]),
    ]);
  }
  if (report.hints.length === 0) return;
  section("what to install");
  for (const line of report.hints) writeLine(out, line);
}

/** The sizes of the matrices that float16 is multiplied in. */
function matrixUnitsOf(units: AdapterDescription["matrixUnits"]): string {
  if (units === undefined) return "none that WebGPU offers";
  return units.shapes.map(({ rows, columns, inner }) => `${rows}x${columns}x${inner}`).join(" ");
}
