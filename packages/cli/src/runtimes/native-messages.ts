import { closeSync, fstatSync, openSync } from "node:fs";

/**
 * Runs what calls native code that writes to the process's standard error by itself (Dawn and the Vulkan loader, when they look for adapters: of limits and layers that
 * nobody asked about), with such messages left out.
 *
 * Node cannot duplicate a descriptor, so standard error is opened anew under its number afterwards. Of a file that is not done: standard output may be
 * the same one, and the two would no longer write behind each other. Nor is it done where standard error is closed or a socket.
 */
export async function withoutNativeMessages<Result>(run: () => Promise<Result>): Promise<Result> {
  const restore = silence();
  try {
    return await run();
  } finally {
    restore();
  }
}

const standardError = 2;

function silence(): () => void {
  const kept = openAgain();
  if (kept === undefined) return () => {};
  replaceBy("/dev/null", "w");
  return () => {
    replaceBy(`/dev/fd/${kept}`, "a");
    closeSync(kept);
  };
}

function openAgain(): number | undefined {
  try {
    return process.platform === "win32" || fstatSync(standardError).isFile() ? undefined : openSync(`/dev/fd/${standardError}`, "a");
  } catch {
    return undefined;
  }
}

/** The lowest free number is what opening gives. */
function replaceBy(path: string, mode: string): void {
  closeSync(standardError);
  const opened = openSync(path, mode);
  if (opened !== standardError) closeSync(opened);
}
