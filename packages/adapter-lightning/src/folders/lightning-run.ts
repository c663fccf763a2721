import { type FileSet, LongspanError } from "@longspan/core";
import type { FolderEntry, FolderKind } from "@longspan/core/adapter";

/** Where Lightning puts a run's checkpoints: `lightning_logs/version_0/checkpoints/epoch=3-step=400.ckpt`. */
const versionName = /^version_(\d{1,9})$/;

/** How many are listed in a message. */
const listed = 8;

/** The folder of a training run of Lightning, at any of its levels: its only checkpoint, or the names of those of which the user has to choose. */
export function lightningRunFolder(): FolderKind {
  return {
    name: "lightning-run",
    async find(files, fileName) {
      if (fileName !== undefined) return undefined;
      const folders = (await files.listFolders?.()) ?? [];
      const checkpoints = ((await files.list?.()) ?? []).filter((name) => name.endsWith(".ckpt"));
      // A sharded checkpoint is a folder of that name.
      if (checkpoints.length > 0) return fileOf(files, [...checkpoints, ...folders.filter((name) => name.endsWith(".ckpt"))]);
      for (const name of ["checkpoints", "lightning_logs"]) if (folders.includes(name)) return into(files, name);
      const versions = folders.filter((name) => versionName.test(name));
      if (versions.length === 0) return undefined;
      const [newest, ...older] = versions.toSorted((one, other) => numberOf(other) - numberOf(one));
      if (newest !== undefined && older.length === 0) return into(files, newest);
      throw choose(files, [newest ?? "", ...older], "runs");
    },
  };
}

function fileOf(files: FileSet, checkpoints: readonly string[]): FolderEntry {
  const [newest = "", ...older] = checkpoints.toSorted(newerFirst);
  if (older.length === 0) return { files, fileName: newest, warnings: [] };
  throw choose(files, [newest, ...older], "checkpoints");
}

async function into(files: FileSet, name: string): Promise<FolderEntry | undefined> {
  const folder = await files.folder?.(name);
  return folder === undefined ? undefined : { files: folder, warnings: [`${files.name}: what lies in ${name} is read.`] };
}

/** `last.ckpt` is written at every step; others say their epoch and step. */
function newerFirst(one: string, other: string): number {
  const last = (name: string): number => (/^last(?:-v\d+)?\.ckpt$/.test(name) ? 1 : 0);
  return last(other) - last(one) || other.localeCompare(one, "en", { numeric: true });
}

function numberOf(version: string): number {
  return Number(versionName.exec(version)?.[1] ?? 0);
}

function choose(files: FileSet, candidates: readonly string[], what: string): LongspanError {
  const newest = `${files.name}/${candidates[0] ?? ""}`;
  return new LongspanError(
    "ambiguous-format",
    `${files.name} holds ${candidates.length} ${what} of a training, the newest first: ${candidates.slice(0, listed).join(", ")}${candidates.length > listed ? ", …" : ""}. None is taken by itself. Name the one that is meant; the newest is ${newest}.`,
    { details: { folder: files.name, candidates, newest } },
  );
}
