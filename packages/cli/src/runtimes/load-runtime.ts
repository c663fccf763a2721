import { LongspanError } from "@longspan/core";
import { adaptersHere } from "./adapters-here.ts";
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

/**
 * @throws LongspanError `argument-invalid` for a name that is none, saying which there are.
 */
export async function loadRuntime(name: string, needs: RuntimeNeeds): Promise<ChosenRuntime> {
  const load = Object.hasOwn(runtimes, name) ? runtimes[name] : undefined;
  if (load === undefined) {
    throw new LongspanError("argument-invalid", `There is no runtime "${name}". There are: ${runtimeNames.join(", ")}.`, {
      details: { runtime: name, runtimes: runtimeNames },
    });
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
    // So that what Dawn says of adapters it finds is out of the way.
    await adaptersHere();
  } catch (error) {
    // Preparing a model says what is missing.
    if (!LongspanError.isInstance(error)) throw error;
  }
  return { runtime: webgpu(), reason: "asked for" };
}
