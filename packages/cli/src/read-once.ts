import { constants, createReadStream, openSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { LongspanError } from "@longspan/core";
import { fileSystemError } from "@longspan/core/node";
import { readStream } from "./standard-input.ts";

/** Whether a path's bytes come but once, to this process alone: standard input (`-`), what a shell's `<(…)` makes, a named pipe. */
export async function isReadOnce(path: string): Promise<boolean> {
  if (path === "-") return true;
  try {
    const found = await stat(path);
    return !found.isFile() && !found.isDirectory();
  } catch {
    return false;
  }
}

/** All bytes of a pipe. @throws LongspanError `limit-exceeded`, `permission-denied`, `io-failed`, `aborted`. */
export async function readPipe(path: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  let stream: Readable | undefined;
  try {
    stream = openPipe(path);
    return await readStream(stream, path, limit, signal);
  } catch (error) {
    throw LongspanError.isInstance(error) ? error : fileSystemError(error, path, "read");
  } finally {
    stream?.destroy();
  }
}

/**
 * A pipe's bytes. Node opens and reads files on threads that a process waits for when it ends: a pipe that nobody writes to would hold it for ever,
 * interrupted or not. As a socket it is waited for by the event loop. Bun and Deno make no sockets of files, and read them in their own ways.
 */
export function openPipe(path: string): Readable {
  const isNode = process.versions.bun === undefined && process.versions.deno === undefined;
  if (!isNode || !statSync(path).isFIFO()) return createReadStream(path);
  return new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
}
