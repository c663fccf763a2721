import { LongspanError } from "@longspan/core";
import type { AdapterDescription } from "@longspan/runtime-webgpu";
import { jsonDocument } from "../output/json-document.ts";
import { describeMachine, type MachineReport, type RuntimeReport } from "../output/machine-report.ts";
import { adaptersHere } from "../runtimes/adapters-here.ts";
import { chooseRuntime } from "../runtimes/choose-runtime.ts";
import { installCommand } from "../runtimes/install-command.ts";
import { installedVersion } from "../runtimes/installed-version.ts";
import { standardCandidates } from "../runtimes/standard-candidates.ts";
import type { Terminal } from "../terminal.ts";

export interface DoctorOptions {
  readonly json?: boolean;
}

/** `longspan doctor`: what this machine runs models with, and what is missing. */
export async function doctor(options: DoctorOptions, version: string, terminal: Terminal): Promise<void> {
  const report = await examine(version);
  if (options.json === true) terminal.out.write(jsonDocument(report));
  else describeMachine(report, terminal);
}

async function examine(version: string): Promise<MachineReport> {
  // First and alone: see `withoutNativeMessages`.
  const { adapters, problem } = await describeAdapters();
  const findings = await Promise.all(standardCandidates.map(async ({ name, find }) => ({ name, finding: await find({}) })));
  const runtimes = findings.map(({ name, finding }): RuntimeReport =>
    "obstacle" in finding
      ? { name, usable: false, description: finding.obstacle }
      : { name, usable: true, description: finding.description },
  );
  const { runtime, reason } = await chooseRuntime(
    {},
    findings.map(({ name, finding }) => ({ name, find: async () => finding })),
  );
  const packages = ["webgpu", "onnxruntime-node", "onnxruntime-web"].map((name) => ({ name, version: installedVersion(name) ?? null }));
  return {
    longspan: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    chosen: { runtime: runtime.name, reason },
    runtimes,
    adapters,
    adaptersProblem: problem,
    packages,
    hints: hintsFor(runtimes, adapters),
  };
}

async function describeAdapters(): Promise<{ readonly adapters: readonly AdapterDescription[]; readonly problem: string | null }> {
  try {
    return { adapters: await adaptersHere(), problem: null };
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    return { adapters: [], problem: error.message };
  }
}

function hintsFor(runtimes: readonly RuntimeReport[], adapters: readonly AdapterDescription[]): readonly string[] {
  const usable = (name: string): boolean => runtimes.some((runtime) => runtime.name === name && runtime.usable);
  const hints: string[] = [];
  if (usable("webgpu")) return hints;
  if (installedVersion("webgpu") === undefined) hints.push(`${installCommand("webgpu")}: to run on this machine's GPU, if it has one`);
  else if (adapters.every(({ kind }) => kind === "cpu"))
    hints.push(
      process.platform === "linux"
        ? "If this machine has a GPU, install its Vulkan driver (Debian: mesa-vulkan-drivers for AMD and Intel, nvidia-driver for NVIDIA)."
        : "If this machine has a GPU, update its driver.",
    );
  if (!usable("onnxruntime-node"))
    hints.push(`${installCommand("onnxruntime-node")}: native code for this processor, faster than WebAssembly`);
  if (!usable("onnxruntime-node") && !usable("onnxruntime-web"))
    hints.push(`${installCommand("onnxruntime-web")}: WebAssembly, on any machine`);
  return hints;
}
