import { bytesSource } from "./bytes-source.ts";
import type { FileSet } from "./file-set.ts";
import { folderNames } from "./relative-paths.ts";

/** Files held in memory, by plain name, or by a path such as `checkpoint/model.pt` for those of folders inside. */
export function memoryFileSet(name: string, files: Readonly<Record<string, Uint8Array>> | ReadonlyMap<string, Uint8Array>): FileSet {
  return setOf(name, files instanceof Map ? files : new Map(Object.entries(files)), undefined);
}

function setOf(name: string, byPath: ReadonlyMap<string, Uint8Array>, parent: (() => FileSet) | undefined): FileSet {
  const set: FileSet = {
    name,
    async resolve(fileName) {
      const bytes = byPath.get(fileName);
      return bytes === undefined ? undefined : bytesSource(bytes, `${name}/${fileName}`);
    },
    list: async () => [...byPath.keys()].filter((path) => !path.includes("/")),
    async folder(folderName) {
      const prefix = `${folderName}/`;
      const inside = [...byPath].flatMap(([path, bytes]) => (path.startsWith(prefix) ? [[path.slice(prefix.length), bytes] as const] : []));
      return inside.length === 0 ? undefined : setOf(`${name}/${folderName}`, new Map(inside), () => set);
    },
    listFolders: async () => folderNames([...byPath.keys()].map((path) => path.split("/"))),
    ...(parent === undefined ? {} : { parent }),
  };
  return set;
}
