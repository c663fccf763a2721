import type { FileSet } from "@longspan/core";
import type { FolderKind } from "@longspan/core/adapter";
import { trueConfigName } from "./known-config.ts";
import { modelFiles } from "./model-files.ts";

/** A folder that `transformersJsTarget` wrote, or another of its kind whose model Longspan wrote: the model lies in `onnx`, configuration and tokenizer above it. */
export function transformersJsFolder(): FolderKind {
  return {
    name: "transformers-js",
    async find(files, fileName) {
      if (fileName !== undefined) return undefined;
      const inside = await files.folder?.("onnx");
      if (inside === undefined) return undefined;
      const names = Object.values(modelFiles).map((path) => path.slice("onnx/".length));
      const found: string[] = [];
      for (const name of names) {
        const source = await inside.resolve(name);
        if (source === undefined) continue;
        found.push(name);
        await source.close();
      }
      const [first, ...others] = found;
      if (first === undefined) return undefined;
      const also = others.length === 0 ? [] : [`${inside.name} also holds ${others.join(", ")}; ${first} is read.`];
      return { files: inside, fileName: first, sidecarFiles: withTrueConfig(files), warnings: also };
    },
  };
}

/** The folder, with the true configuration in the place of the one that other programs read. */
function withTrueConfig(files: FileSet): FileSet {
  return {
    ...files,
    async resolve(fileName, options) {
      const own = fileName === "config.json" ? await files.resolve(trueConfigName, options) : undefined;
      return own ?? files.resolve(fileName, options);
    },
  };
}
