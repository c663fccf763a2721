import { fstatSync, writeSync } from "node:fs";
import { Writable } from "node:stream";
import { styled, writeLine, type OutputStream, type Terminal } from "./terminal.ts";

/**
 * The process's standard output. Where that is a file, one that writes all of each piece: Node's own takes it for done when the disk had
 * room for a part, and a document would end in its middle without an error.
 */
export function standardOutput(): OutputStream {
  const { fd } = process.stdout;
  const stats = fstatSync(fd);
  if (process.stdout.isTTY || !(stats.isFile() || stats.isCharacterDevice())) return process.stdout;
  return new Writable({
    write(piece: Buffer, _encoding, done) {
      try {
        for (let written = 0; written < piece.length;) written += writeSync(fd, piece, written);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

/**
 * Watches the streams that a process writes to.
 * @param onFailure called once when what was written to `out` is lost; a line on `error` has said so.
 */
export function watchOutput({ out, error }: Pick<Terminal, "out" | "error">, onFailure: () => void): void {
  // Notes and progress are lost then, and the work goes on.
  error.on("error", () => {});
  let isLost = false;
  out.on("error", (failure: NodeJS.ErrnoException) => {
    // A reader that has seen enough and goes away (`| head`) is no failure.
    if (isLost || failure.code === "EPIPE") return;
    isLost = true;
    onFailure();
    writeLine(error, styled("red", "error"), `  Standard output cannot be written: ${failure.message}. What it was to hold is incomplete.`);
  });
}
