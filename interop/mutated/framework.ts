import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export type FrameworkName = "torch" | "safetensors" | "paddle" | "onnx";

/** A tensor by its path: keys, and indexes of lists. The sum is of the values' bytes, little endian and dense; null where they are too many. */
export type FoundTensor = readonly [path: unknown, dataType: string, shape: readonly number[], sum: string | null];

/** What came of reading a file. */
export type Reading =
  | { readonly tensors: readonly FoundTensor[] }
  | { readonly error: string }
  /** It holds more than is compared. */
  | { readonly skipped: string };

/** A framework in a process of its own, which may end at any file. */
export interface Framework {
  readonly version: string;
  /** @returns what it read; an error that says so where the process ended or did not answer */
  read(path: string): Promise<Reading>;
  close(): void;
}

const script = fileURLToPath(new URL("../read_mutated.py", import.meta.url));
/** A file that is read for longer is one that never ends. */
const hangMilliseconds = 30_000;

interface Running {
  readonly child: ChildProcess;
  readonly version: string;
  readonly lines: AsyncGenerator<string, undefined>;
}

/** Lines of what a process says, until it ends. */
async function* linesOf(child: ChildProcess): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const chunk of child.stdout ?? []) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  return undefined;
}

export async function startFramework(python: string, name: FrameworkName): Promise<Framework> {
  const begin = async (): Promise<Running> => {
    const child = spawn(python, [script, name], { stdio: ["pipe", "pipe", "ignore"] });
    // Whoever writes to a process that has ended is told so by what it says, which is nothing.
    child.stdin?.on("error", () => {});
    const lines = linesOf(child);
    const { value } = await lines.next();
    if (value === undefined)
      throw new Error(`${python} cannot run ${name}: set PYTHON to one with the packages of fixtures/requirements.txt.`);
    const { version }: { version: string } = JSON.parse(value);
    return { child, version, lines };
  };
  let running = await begin();
  return {
    version: running.version,
    async read(path) {
      const { child, lines } = running;
      let hangs = false;
      const watch = setTimeout(() => {
        hangs = true;
        child.kill("SIGKILL");
      }, hangMilliseconds);
      child.stdin?.write(`${path}\n`);
      const { value } = await lines.next();
      clearTimeout(watch);
      if (value !== undefined) return JSON.parse(value) as Reading;
      running = await begin();
      return { error: hangs ? "the process does not answer" : `the process ends (${child.signalCode ?? child.exitCode})` };
    },
    close: () => running.child.kill(),
  };
}

/** Writes small files of every form that the framework has into a folder. */
export function writeSeeds(python: string, name: FrameworkName, folder: string): void {
  const { status } = spawnSync(python, [script, name, "--seeds", folder], { stdio: "inherit" });
  if (status !== 0)
    throw new Error(`${python} cannot write files of ${name}: set PYTHON to one with the packages of fixtures/requirements.txt.`);
}
