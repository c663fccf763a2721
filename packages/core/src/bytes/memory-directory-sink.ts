import { LongspanError } from "../errors/longspan-error.ts";
import type { DirectorySink } from "./sink.ts";

/** A folder's files in memory. */
export interface MemoryDirectorySink extends DirectorySink {
  /** The files by name, after `commit`; empty before it and after `abort`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A sink that keeps its files in memory: for browsers that offer them as downloads, and for tests. */
export function memoryDirectorySink(name = "memory"): MemoryDirectorySink {
  const staged = new Map<string, Uint8Array[]>();
  const files = new Map<string, Uint8Array>();
  let ended = false;
  return {
    name,
    files,
    async file(fileName) {
      if (ended) throw new LongspanError("closed", `${name} has been committed or aborted; it takes no more files.`);
      if (staged.has(fileName)) throw new LongspanError("target-exists", `${name}/${fileName} has been written already.`);
      const pieces: Uint8Array[] = [];
      staged.set(fileName, pieces);
      return {
        async write(bytes) {
          pieces.push(bytes.slice());
        },
        close: async () => {},
      };
    },
    supersede() {},
    async commit() {
      ended = true;
      for (const [fileName, pieces] of staged) files.set(fileName, joined(pieces));
      staged.clear();
      return [...files.keys()].map((fileName) => `${name}/${fileName}`);
    },
    async abort() {
      ended = true;
      staged.clear();
    },
  };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}
