import type { DirectorySink } from "@longspan/core";

export interface MemorySink extends DirectorySink {
  /** The files written, by name; complete after `commit`. */
  readonly contents: Map<string, Uint8Array>;
}

/** A folder in memory. Buffers are copied at once, as a disk would. */
export function memorySink(): MemorySink {
  const contents = new Map<string, Uint8Array>();
  return {
    name: "memory",
    contents,
    async file(fileName) {
      const pieces: Uint8Array[] = [];
      return {
        async write(bytes) {
          pieces.push(bytes.slice());
        },
        async close() {
          contents.set(fileName, new Uint8Array(Buffer.concat(pieces)));
        },
      };
    },
    supersede() {},
    commit: async () => [...contents.keys()],
    async abort() {
      contents.clear();
    },
  };
}
