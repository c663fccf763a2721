import { LongspanError } from "@longspan/core";
import { adaptersOfThisProcess } from "./adapters-here.ts";
import type { Runtime } from "@longspan/core/runtime";
import { isModulePath, loadModule, type ModuleUse } from "../load-module.ts";
import { chooseRuntime, type ChosenRuntime, type RuntimeNeeds } from "./choose-runtime.ts";

/** The runtimes there are, each loaded when it is asked for: a further one is a further line. */
const runtimes: Readonly<Record<string, (needs: RuntimeNeeds) => Promise<ChosenRuntime>>> = {
  auto: chooseRuntime,
  webgpu: loadWebgpu,
  ort: async ({ threads }) => ({ runtime: (await import("@longspan/runtime-ort")).ort({ threads }), reason: "asked for" }),
  reference: async () => ({ runtime: (await import("@longspan/core/runtime")).referenceRuntime(), reason: "asked for" }),
};

/** The fastest that is here. */
export const defaultRuntime = "auto";

export const runtimeNames: readonly string[] = Object.keys(runtimes);

const runtimeUse: ModuleUse<Runtime> = {
  option: "--runtime",
  code: "argument-invalid",
  expected: "runtime (what defineRuntime gives: specificationVersion, name, capabilities, prepare)",
  is(value): value is Runtime {
    if (typeof value !== "object" || value === null || !("prepare" in value) || typeof value.prepare !== "function") return false;
    return "name" in value && typeof value.name === "string" && "capabilities" in value && "specificationVersion" in value;
  },
};

/**
 * A runtime by its name, or of a user's module: a path, or a package's name with a scope or a hyphen.
 * @throws LongspanError `argument-invalid` for a name that is none, saying which there are, and for a module without a runtime.
 */
export async function loadRuntime(name: string, needs: RuntimeNeeds): Promise<ChosenRuntime> {
  const load = Object.hasOwn(runtimes, name) ? runtimes[name] : undefined;
  if (load === undefined && (isModulePath(name) || /[-/]/.test(name))) {
    const runtime = await loadModule(name, runtimeUse);
    if (runtime.specificationVersion !== 1)
      throw new LongspanError(
        "argument-invalid",
        `--runtime ${name} follows specification version ${String(runtime.specificationVersion)}; this program knows version 1. Update one of the two.`,
      );
    return { runtime, reason: "asked for" };
  }
  if (load === undefined) {
    throw new LongspanError(
      "argument-invalid",
      `There is no runtime "${name}". There are: ${runtimeNames.join(", ")}; or give a module of your own, such as ./mine.ts.`,
      {
        details: { runtime: name, runtimes: runtimeNames },
      },
    );
  }
  if (needs.threads !== undefined && (name === "webgpu" || name === "reference"))
    throw new LongspanError("argument-invalid", `--threads is for the runtime ort; ${name} has no use for it. Leave it out.`, {
      details: { runtime: name },
    });
  return load(needs);
}

async function loadWebgpu(): Promise<ChosenRuntime> {
  const { webgpu } = await import("@longspan/runtime-webgpu");
  try {
    // So that what Dawn says of adapters it finds is out of the way, where that can be.
    await adaptersOfThisProcess();
  } catch (error) {
    // Preparing a model says what is missing.
    if (!LongspanError.isInstance(error)) throw error;
  }
  return { runtime: webgpu(), reason: "asked for" };
}
