import type { FileSet } from "@longspan/core";
import type { FolderKind } from "@longspan/core/adapter";

/** The names that PEFT's `save_pretrained` gives an adapter's weights, the preferred first. */
const fileNames = ["adapter_model.safetensors", "adapter_model.bin"] as const;

/** A folder with an adapter of PEFT: its weights alone. Beside a whole model it is said that there is one, since that model is read without it. */
export function peftAdapterFolder(): FolderKind {
  return {
    name: "peft-adapter",
    async find(files, fileName) {
      const found = fileName === undefined ? await presentIn(files) : undefined;
      return found === undefined ? undefined : { files, fileName: found, warnings: [] };
    },
    async beside(files, fileName) {
      const found = await presentIn(files);
      return found === undefined
        ? undefined
        : `${files.name} also holds a PEFT adapter, ${found}, which is not part of ${fileName}. To merge it, give ${found} itself, and its base with --base.`;
    },
  };
}

async function presentIn(files: FileSet): Promise<string | undefined> {
  const listed = await files.list?.();
  for (const fileName of fileNames) {
    if (listed !== undefined && !listed.includes(fileName)) continue;
    const source = await files.resolve(fileName);
    if (source === undefined) continue;
    await source.close();
    return fileName;
  }
  return undefined;
}
