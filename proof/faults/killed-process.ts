import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Starts a program beside this file, which says "begin" before its work, and "end". */
export function start(program: string, words: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url));
  return spawn(process.execPath, ["--conditions=@longspan/source", "--disable-warning=ExperimentalWarning", path, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Waits for a word; the output is read on, as whoever writes to a closed pipe ends by that. */
async function saying(child: ChildProcess, word: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += String(chunk);
    if (said.includes(word)) resolve();
  });
  child.once("exit", () => resolve());
  await promise;
}

/** Milliseconds of the work. @throws Error where it fails */
export async function timeOf(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let [begun, took] = [0, 0];
  child.stdout?.on("data", (chunk) => {
    if (begun === 0) begun = performance.now();
    if (String(chunk).includes("end")) took = performance.now() - begun;
  });
  child.once("exit", (code) => (code === 0 ? resolve(took) : reject(new Error(`The program ends with ${code}, and nobody killed it.`))));
  return promise;
}

export async function killAfter(child: ChildProcess, milliseconds: number): Promise<void> {
  const exited = new Promise((resolve) => {
    child.once("exit", resolve);
  });
  await saying(child, "begin");
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
  child.kill("SIGKILL");
  await exited;
}
