import { LongspanError, type Runtime } from "@longspan/core";

/** The runtimes there are, each loaded when it is asked for: a further one is a further line. */
const runtimes: Readonly<Record<string, () => Promise<Runtime>>> = {
  reference: async () => (await import("@longspan/core")).referenceRuntime(),
};

export const defaultRuntime = "reference";

export const runtimeNames: readonly string[] = Object.keys(runtimes);

/** @throws LongspanError `argument-invalid` for a name that is none, saying which there are. */
export async function loadRuntime(name: string): Promise<Runtime> {
  const load = Object.hasOwn(runtimes, name) ? runtimes[name] : undefined;
  if (load === undefined) {
    throw new LongspanError("argument-invalid", `There is no runtime "${name}". There are: ${runtimeNames.join(", ")}.`, {
      details: { runtime: name, runtimes: runtimeNames },
    });
  }
  return load();
}
