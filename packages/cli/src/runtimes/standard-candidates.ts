import { LongspanError } from "@longspan/core";
import { referenceRuntime } from "@longspan/core/runtime";
import type { OrtModule } from "@longspan/runtime-ort";
import { adaptersHere } from "./adapters-here.ts";
import { installCommand } from "./install-command.ts";
import { installedVersion } from "./installed-version.ts";
import type { Finding, RuntimeCandidate } from "./runtime-candidate.ts";

const notInstalled: Finding = { obstacle: "package not installed" };

/** What there is, the fastest first. */
export const standardCandidates: readonly RuntimeCandidate[] = [
  { name: "webgpu", find: findGpu },
  { name: "onnxruntime-node", find: async ({ threads }) => findOrt("onnxruntime-node", async () => import("onnxruntime-node"), threads) },
  { name: "onnxruntime-web", find: async ({ threads }) => findOrt("onnxruntime-web", async () => import("onnxruntime-web"), threads) },
  { name: "reference", find: async () => ({ runtime: referenceRuntime(), description: describeReference() }) },
];

/** A GPU that is one: a software adapter is slower than onnxruntime on the same processor. */
async function findGpu(): Promise<Finding> {
  if (installedVersion("webgpu") === undefined) return notInstalled;
  const { webgpu } = await import("@longspan/runtime-webgpu");
  try {
    const [adapter] = await adaptersHere();
    if (adapter === undefined) return { obstacle: "no GPU adapter was found" };
    if (adapter.kind === "cpu") return { obstacle: `the only GPU adapter is software (${adapter.name})` };
    return { runtime: webgpu(), description: `the GPU ${adapter.name}` };
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    return { obstacle: error.message };
  }
}

async function findOrt(name: string, load: () => Promise<OrtModule>, threads: number | undefined): Promise<Finding> {
  const version = installedVersion(name);
  if (version === undefined) return notInstalled;
  const { ort } = await import("@longspan/runtime-ort");
  try {
    return {
      runtime: ort({ module: await load(), threads }),
      description: `${name} ${version}${name === "onnxruntime-web" ? " as WebAssembly" : ""}`,
    };
  } catch (error) {
    return { obstacle: `package cannot be loaded: ${firstLine(error)}` };
  }
}

/** It is right, and by far the slowest: where it is all there is, say what to do about it. */
function describeReference(): string {
  if (installedVersion("onnxruntime-node") !== undefined || installedVersion("onnxruntime-web") !== undefined) return "plain JavaScript";
  return `plain JavaScript, by far the slowest; for speed: ${installCommand("onnxruntime-node")} (or onnxruntime-web, WebAssembly for any machine)`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0] ?? "";
}
