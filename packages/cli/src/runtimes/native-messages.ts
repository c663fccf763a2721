import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";

/**
 * Runs what calls native code that writes to the process's standard error by itself (Dawn and the Vulkan loader, when they look for adapters: of limits and layers that
 * nobody asked about), with such messages left out; where that cannot be, undefined, and nothing is run.
 *
 * Node cannot duplicate a descriptor, so standard error is opened anew under its number afterwards. A file is written at its end then, whoever else has it open: that is
 * done only where it was so before (`2>> file`). Nor can it be done where standard error is closed or a socket.
 */
export async function withoutNativeMessages<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
  const restore = silence();
  if (restore === undefined) return undefined;
  try {
    return await run();
  } finally {
    restore();
  }
}

/**
 * Whether standard error is a file that `withoutNativeMessages` leaves as it is: written from where whoever opened it has come to.
 */
export function isPlainFile(): boolean {
  try {
    return process.platform !== "win32" && fstatSync(standardError).isFile() && !isAppended();
  } catch {
    return false;
  }
}

const standardError = 2;

function silence(): (() => void) | undefined {
  const kept = openAgain();
  if (kept === undefined) return undefined;
  replaceBy("/dev/null", "w");
  return () => {
    replaceBy(`/dev/fd/${kept}`, "a");
    closeSync(kept);
  };
}

function openAgain(): number | undefined {
  try {
    if (process.platform === "win32" || isPlainFile()) return undefined;
    return openSync(`/dev/fd/${standardError}`, "a");
  } catch {
    return undefined;
  }
}

/** Linux tells the flags (octal) that a descriptor was opened with; O_APPEND is 02000. Other systems do not tell. */
function isAppended(): boolean {
  try {
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${standardError}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & 0o2000) !== 0;
  } catch {
    return false;
  }
}

/** The lowest free number is what opening gives. */
function replaceBy(path: string, mode: string): void {
  closeSync(standardError);
  const opened = openSync(path, mode);
  if (opened !== standardError) closeSync(opened);
}
