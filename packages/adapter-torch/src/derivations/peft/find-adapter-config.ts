import type { FileSet } from "@longspan/core";
import { type DerivationContext, memoryBudget, readJson } from "@longspan/core/adapter";
import { parseAdapterConfig, type AdapterConfig } from "./adapter-config.ts";

const fileName = "adapter_config.json";

/**
 * The configuration of an adapter: the user's, else the adapter_config.json beside the file; of an adapter with a name of its own, in the folder of that
 * name, where `save_pretrained` puts it. Undefined where there is none.
 * @throws LongspanError `config-invalid`, `unsupported`, `limit-exceeded`.
 */
export async function findAdapterConfig(context: DerivationContext, adapter: string): Promise<AdapterConfig | undefined> {
  const { adapterConfig, files } = context;
  if (adapterConfig !== undefined) return parseAdapterConfig(adapterConfig, "The given adapter configuration");
  const own = adapter === "" ? undefined : await folderNamed(files, adapter);
  const found = (own === undefined ? undefined : await readConfig(own, context)) ?? (await readConfig(files, context));
  return found === undefined ? undefined : parseAdapterConfig(found.value, found.origin);
}

/** An adapter's name comes from the file: one that is no folder's name has no folder. */
async function folderNamed(files: FileSet, name: string): Promise<FileSet | undefined> {
  if (files.folder === undefined || !/^[\w-]{1,100}$/.test(name)) return undefined;
  // A URL gives a folder for any name, at the price of a request: only folders that can be seen are looked into.
  const names = await files.listFolders?.();
  return names?.includes(name) === true ? files.folder(name) : undefined;
}

async function readConfig(
  files: FileSet,
  { budget, signal }: DerivationContext,
): Promise<{ readonly value: unknown; readonly origin: string } | undefined> {
  const source = await files.resolve(fileName);
  if (source === undefined) return undefined;
  try {
    const value = await readJson(source, { code: "config-invalid", budget: budget ?? memoryBudget(source.name, source.size), signal });
    return { value, origin: source.name };
  } finally {
    await source.close();
  }
}
