import { checkText } from "../arguments/check-text.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import { bytesSource } from "./bytes-source.ts";
import type { FileSet } from "./file-set.ts";
import { folderNames } from "./relative-paths.ts";

/**
 * Files held in memory, by plain name, or by a path such as `checkpoint/model.pt` for those of folders inside.
 * @throws LongspanError `argument-invalid` for a name that is no text, and for files that are no bytes.
 */
export function memoryFileSet(name: string, files: Readonly<Record<string, Uint8Array>> | ReadonlyMap<string, Uint8Array>): FileSet {
  checkText(name, "The name of the files", "memory");
  const byPath: ReadonlyMap<string, unknown> = files instanceof Map ? files : new Map(Object.entries(Object(files)));
  for (const [path, bytes] of byPath)
    if (!(bytes instanceof Uint8Array))
      throw new LongspanError(
        "argument-invalid",
        `The file ${JSON.stringify(path)} is ${ArrayBuffer.isView(bytes) || bytes instanceof ArrayBuffer ? "an array of another kind" : shownValue(bytes)}. Give its bytes as a Uint8Array: new Uint8Array(buffer), or new TextEncoder().encode(text).`,
      );
  if (files === undefined)
    throw new LongspanError("argument-invalid", 'The files are missing: memoryFileSet("memory", { "model.safetensors": bytes }).');
  return setOf(name, byPath as ReadonlyMap<string, Uint8Array>, undefined);
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
