import { bytesSource } from "./bytes-source.ts";
import type { FileSet } from "./file-set.ts";

/** Files held in memory, by plain name. */
export function memoryFileSet(name: string, files: Readonly<Record<string, Uint8Array>> | ReadonlyMap<string, Uint8Array>): FileSet {
  const byName = files instanceof Map ? files : new Map(Object.entries(files));
  return {
    name,
    async resolve(fileName) {
      const bytes = byName.get(fileName);
      return bytes === undefined ? undefined : bytesSource(bytes, `${name}/${fileName}`);
    },
    list: async () => [...byName.keys()],
  };
}
