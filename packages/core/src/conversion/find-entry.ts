import type { Container } from "../adapter/container.ts";
import type { FolderEntry, FolderKind } from "../adapter/folder-kind.ts";
import type { FormatAdapter } from "../adapter/format-adapter.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import type { FileSet } from "../bytes/file-set.ts";
import type { CheckpointInput } from "../bytes/checkpoint-input.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { uniqueByName } from "./choose-claim.ts";

/** The file that a checkpoint is opened by. */
export interface Entry {
  /** The folder it lies in. */
  readonly files: FileSet;
  readonly fileName: string;
  readonly source: ByteSource;
  /** What opens it; undefined: what claims its bytes. */
  readonly container?: Container | undefined;
  /** Where config.json and the tokenizer lie. */
  readonly sidecarFiles: FileSet;
  readonly warnings: readonly string[];
}

/** Folders in folders, each of which says that the checkpoint lies further in. */
const deepestFolders = 4;

/**
 * The file that was named, or the weights file of a folder: the first of the adapters' well-known names that exists; else where the adapters'
 * kinds of folders say; else the only file there is.
 * @throws LongspanError `not-found`, `ambiguous-format`, and what the kinds of folders throw.
 */
export async function findEntry(input: CheckpointInput, adapters: readonly FormatAdapter[]): Promise<Entry> {
  const { files, fileName } = input;
  if (fileName === undefined) return entryOfFolder(files, adapters, 0);
  const found = await askFolderKinds(files, fileName, adapters);
  return found === undefined ? namedEntry(files, fileName) : entryOf(found, adapters, 0);
}

async function askFolderKinds(
  files: FileSet,
  fileName: string | undefined,
  adapters: readonly FormatAdapter[],
): Promise<FolderEntry | undefined> {
  for (const kind of folderKindsOf(adapters)) {
    const found = await kind.find(files, fileName);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function entryOf(found: FolderEntry, adapters: readonly FormatAdapter[], depth: number): Promise<Entry> {
  const { files, fileName, container, sidecarFiles, warnings } = found;
  const entry = fileName === undefined ? await entryOfFolder(files, adapters, depth + 1) : await namedEntry(files, fileName);
  return {
    ...entry,
    container: container ?? entry.container,
    sidecarFiles: sidecarFiles ?? entry.sidecarFiles,
    warnings: [...warnings, ...entry.warnings],
  };
}

async function namedEntry(files: FileSet, fileName: string): Promise<Entry> {
  const source = await files.resolve(fileName);
  if (source !== undefined) return { files, fileName, source, sidecarFiles: files, warnings: [] };
  throw new LongspanError("not-found", `There is no file ${fileName} in ${files.name}.`, {
    details: { folder: files.name, file: fileName },
  });
}

async function entryOfFolder(files: FileSet, adapters: readonly FormatAdapter[], depth: number): Promise<Entry> {
  if (depth > deepestFolders) {
    throw new LongspanError("limit-exceeded", `${files.name}: folders lie more than ${deepestFolders} deep. Name the file to read.`, {
      details: { folder: files.name },
    });
  }
  const owners = new Map<string, Set<string>>();
  for (const adapter of adapters) {
    for (const container of adapter.containers) {
      for (const fileName of container.entryNames) owners.set(fileName, (owners.get(fileName) ?? new Set()).add(adapter.name));
    }
  }
  for (const adapter of adapters) {
    // Only names that somebody reads: a sidecar of nobody's is no weights file here.
    for (const fileName of adapter.containers.flatMap(({ besides = [] }) => besides)) owners.get(fileName)?.add(adapter.name);
  }
  const listed = await files.list?.();
  const wellKnown = await wellKnownEntry(files, owners, listed);
  if (wellKnown !== undefined) {
    const notes = await Promise.all(folderKindsOf(adapters).map(async (kind) => kind.beside?.(files, wellKnown.fileName)));
    return { ...wellKnown, warnings: [...wellKnown.warnings, ...notes.filter((note) => note !== undefined)] };
  }
  const found = await askFolderKinds(files, undefined, adapters);
  return found === undefined ? onlyFile(files, listed, [...owners.keys()]) : entryOf(found, adapters, depth);
}

function folderKindsOf(adapters: readonly FormatAdapter[]): FolderKind[] {
  return uniqueByName(adapters.flatMap(({ folderKinds = [] }) => folderKinds));
}

/**
 * The first of the well-known names that exists. Other well-known files of the same framework are noted; one of another framework makes the
 * folder ambiguous.
 */
async function wellKnownEntry(
  files: FileSet,
  owners: ReadonlyMap<string, ReadonlySet<string>>,
  listed: readonly string[] | undefined,
): Promise<Entry | undefined> {
  const names = [...owners.keys()];
  if (listed === undefined) return firstOf(files, names);
  // The others are not opened: they are not what is read.
  const [first, ...others] = names.filter((fileName) => listed.includes(fileName));
  if (first === undefined) return undefined;
  const adaptersOf = (fileName: string): string[] => [...(owners.get(fileName) ?? [])];
  const firstOwners = new Set(adaptersOf(first));
  const foreign = others.find((fileName) => !adaptersOf(fileName).some((adapter) => firstOwners.has(adapter)));
  if (foreign !== undefined) {
    throw new LongspanError("ambiguous-format", `${files.name} holds ${first} and ${foreign}. Name the file to read.`, {
      details: { files: [first, ...others] },
    });
  }
  const entry = await namedEntry(files, first);
  return others.length === 0 ? entry : { ...entry, warnings: [`${files.name} also holds ${others.join(", ")}; ${first} is read.`] };
}

async function firstOf(files: FileSet, names: readonly string[]): Promise<Entry | undefined> {
  for (const fileName of names) {
    const source = await files.resolve(fileName);
    if (source !== undefined) return { files, fileName, source, sidecarFiles: files, warnings: [] };
  }
  return undefined;
}

/** Text beside weights, never weights. */
const sidecarName = /\.(?:json|txt|md|py|yaml|yml|model|gitattributes)$|^\./;

async function onlyFile(files: FileSet, listed: readonly string[] | undefined, known: readonly string[]): Promise<Entry> {
  const candidates = (listed ?? []).filter((name) => !sidecarName.test(name));
  const [fileName] = candidates;
  if (fileName !== undefined && candidates.length === 1) {
    const source = await files.resolve(fileName);
    if (source !== undefined) return { files, fileName, source, sidecarFiles: files, warnings: [] };
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
