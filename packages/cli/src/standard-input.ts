import { LongspanError } from "@longspan/core";
import type { Readable } from "node:stream";
import type { Terminal } from "./terminal.ts";

/** All bytes that are piped into the process. @throws LongspanError `limit-exceeded`, `io-failed`, `aborted`. */
export async function readStandardInput({ input }: Terminal, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  return readStream(input, "Standard input", limit, signal);
}

/** All bytes of a stream. @throws LongspanError `limit-exceeded`, `io-failed`, `aborted`. */
export async function readStream(input: Readable, name: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  const interrupt = (): void => {
    input.destroy(new LongspanError("aborted", "Interrupted.", { cause: signal.reason }));
  };
  if (signal.aborted) interrupt();
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    for await (const piece of input) {
      const bytes: Uint8Array = typeof piece === "string" ? Buffer.from(piece) : piece;
      byteLength += bytes.byteLength;
      if (byteLength > limit) throw new LongspanError("limit-exceeded", `${name} has more than the ${limit} bytes that are read from it.`);
      pieces.push(bytes);
    }
    return Buffer.concat(pieces);
  } catch (error) {
    if (LongspanError.isInstance(error)) throw error;
    throw new LongspanError("io-failed", `${name} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}
