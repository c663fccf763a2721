import type { FormatAdapter } from "../adapter/format-adapter.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import type { FileSet } from "../bytes/file-set.ts";
import { LongspanError } from "../errors/longspan-error.ts";

export interface Entry {
  readonly fileName: string;
  readonly source: ByteSource;
  readonly warnings: readonly string[];
}

/**
 * The weights file of a folder: the first of the adapters' well-known names that exists. Other well-known files of the same
 * framework are noted; one of another framework makes the folder ambiguous. A folder with one other file has that one.
 * @throws LongspanError `not-found`, `ambiguous-format`.
 */
export async function findEntry(files: FileSet, adapters: readonly FormatAdapter[]): Promise<Entry> {
  const owners = new Map<string, Set<string>>();
  for (const adapter of adapters) {
    for (const container of adapter.containers) {
      for (const fileName of container.entryNames) owners.set(fileName, (owners.get(fileName) ?? new Set()).add(adapter.name));
    }
  }
  const listed = await files.list?.();
  const present: { fileName: string; source: ByteSource }[] = [];
  for (const fileName of owners.keys()) {
    if (listed !== undefined && !listed.includes(fileName)) continue;
    const source = await files.resolve(fileName);
    if (source !== undefined) present.push({ fileName, source });
    if (listed === undefined && source !== undefined) break;
  }
  const [first, ...others] = present;
  await Promise.all(others.map(({ source }) => source.close()));
  if (first === undefined) return onlyFile(files, listed, [...owners.keys()]);
  const adaptersOf = (fileName: string): string[] => [...(owners.get(fileName) ?? [])];
  const firstOwners = new Set(adaptersOf(first.fileName));
  const foreign = others.find(({ fileName }) => !adaptersOf(fileName).some((adapter) => firstOwners.has(adapter)));
  if (foreign !== undefined) {
    await first.source.close();
    throw new LongspanError("ambiguous-format", `${files.name} holds ${first.fileName} and ${foreign.fileName}. Name the file to read.`, {
      details: { files: present.map(({ fileName }) => fileName) },
    });
  }
  const warnings =
    others.length === 0
      ? []
      : [`${files.name} also holds ${others.map(({ fileName }) => fileName).join(", ")}; ${first.fileName} is read.`];
  return { ...first, warnings };
}

/** Text beside weights, never weights. */
const sidecarName = /\.(?:json|txt|md|py|yaml|yml|model|gitattributes)$|^\./;

async function onlyFile(files: FileSet, listed: readonly string[] | undefined, known: readonly string[]): Promise<Entry> {
  const candidates = (listed ?? []).filter((name) => !sidecarName.test(name));
  const [fileName] = candidates;
  if (fileName !== undefined && candidates.length === 1) {
    const source = await files.resolve(fileName);
    if (source !== undefined) return { fileName, source, warnings: [] };
  }
  const found = candidates.length === 0 ? "none of them" : `none of them, but ${candidates.slice(0, 8).join(", ")}`;
  throw new LongspanError(
    "not-found",
    `${files.name}: a model folder holds one of ${known.join(", ")}; this one has ${found}. Name the file to read.`,
    {
      details: { folder: files.name, candidates },
    },
  );
}
