import { spawn } from "node:child_process";
import { installedVersion } from "./installed-version.ts";
import { isPlainFile } from "./native-messages.ts";

/** By this variable a process knows that another reads what it writes to standard error. */
const variable = "LONGSPAN_MESSAGES_READ";

/** Lines that Dawn, the Vulkan loader and Mesa write about limits and layers that nobody asked about. None of ours begins so. */
const nativeMessages = [/^Warning: max\w+ artificially reduced from /, /^\w*:? ?\[Loader Message\]/i, /^error: XDG_RUNTIME_DIR /];

/** Commands that may open a GPU. */
const runningCommands: ReadonlySet<string> = new Set(["run", "ask", "fill", "classify", "embed", "serve", "verify"]);

/**
 * Whether this command line may have Dawn write to a standard error from which `withoutNativeMessages` cannot keep it: a file that is not appended to (`2> file`).
 * @param words the command line
 */
export function needsQuietProcess([command = "", ...words]: readonly string[]): boolean {
  if (process.env[variable] !== undefined || !runningCommands.has(command)) return false;
  const named = words.flatMap((word, index) =>
    word === "--runtime" ? [words[index + 1]] : word.startsWith("--runtime=") ? [word.slice(10)] : [],
  );
  if (named.some((name) => name === "ort" || name === "reference")) return false;
  return isPlainFile() && installedVersion("webgpu") !== undefined;
}

/**
 * Runs this command line in another process and passes on what it says on standard error, but for such lines. It has this one's input and output, gets the signals that this
 * one gets, and ends when this one does, however that ends.
 * @returns the exit code; a process that a signal ended ends this one with it.
 */
export async function runQuietly(): Promise<number> {
  const [, script = "", ...words] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...words], {
    stdio: ["inherit", "inherit", "pipe", "ipc"],
    env: { ...process.env, [variable]: "1" },
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, forward);
  let begun = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (begun + text).split("\n");
    begun = lines.pop() ?? "";
    const kept = lines.filter((line) => !nativeMessages.some((message) => message.test(line)));
    if (kept.length > 0) process.stderr.write(`${kept.join("\n")}\n`);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.stderr.write(begun);
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, forward);
      if (signal === null) resolve(code ?? 1);
      else process.kill(process.pid, signal);
    });
  });
}

/** In such a process: ends when the other does. */
export function endWithReader(): void {
  if (process.env[variable] === undefined || process.channel === undefined) return;
  process.on("disconnect", () => process.exit());
  process.channel?.unref();
}
