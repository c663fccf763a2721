import { type FileSet, LongspanError } from "@longspan/core";
import { type FolderKind, memoryBudget, readJson } from "@longspan/core/adapter";

const fileName = "modules.json";

/**
 * A folder of sentence-transformers: `modules.json` names the folder of the transformer (`0_Transformer` up to version 2; since then the folder
 * itself). How its vectors are pooled is for whoever makes them.
 */
export function sentenceTransformersFolder(): FolderKind {
  return {
    name: "sentence-transformers",
    async find(files, named) {
      if (named !== undefined) return undefined;
      const path = await transformerPath(files);
      if (path === undefined || path === "") return undefined;
      const folder = await folderAt(files, path);
      if (folder !== undefined) return { files: folder, warnings: [note(`${files.name}/${path}`)] };
      throw new LongspanError(
        "not-found",
        `${files.name} is a folder of sentence-transformers, but the folder ${JSON.stringify(path)} of its transformer, which ${fileName} names, is not there. Fetch all of it.`,
        { details: { folder: files.name, missing: path } },
      );
    },
    async beside(files) {
      // Of a URL each look is a request; there the transformer alone is told of.
      const listed = await files.list?.();
      return listed?.includes(fileName) === true ? note(files.name) : undefined;
    },
  };
}

function note(transformer: string): string {
  return `${transformer} is the transformer of a sentence-transformers model: "embed" pools as its files say; a conversion writes the transformer, without them.`;
}

/** Undefined where there is no such file. @throws LongspanError `malformed`, `unsupported`. */
async function transformerPath(files: FileSet): Promise<string | undefined> {
  const source = await files.resolve(fileName);
  if (source === undefined) return undefined;
  try {
    const modules = await readJson(source, { code: "malformed", budget: memoryBudget(source.name, source.size) });
    const first: unknown = Array.isArray(modules) ? modules[0] : undefined;
    if (typeof first === "object" && first !== null && "path" in first && "type" in first) {
      const { path, type } = first;
      if (typeof path === "string" && typeof type === "string") {
        if (type.endsWith(".Transformer")) return path;
        throw new LongspanError(
          "unsupported",
          `${source.name}: the first module is ${type.slice(0, 100)}, not a Transformer: there is no Longformer in it to read.`,
          {
            details: { file: source.name, type: type.slice(0, 100) },
          },
        );
      }
    }
    throw new LongspanError(
      "malformed",
      `${source.name} is no list of modules. If the folder is one of sentence-transformers, fetch it again; else name the file to read.`,
      {
        details: { file: source.name },
      },
    );
  } finally {
    await source.close();
  }
}

/** Each part of the path is a plain name, or refused. */
async function folderAt(files: FileSet, path: string): Promise<FileSet | undefined> {
  let folder: FileSet | undefined = files;
  for (const name of path.split("/").filter((segment) => segment !== "")) folder = await folder?.folder?.(name);
  return folder;
}
