import { randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, readFile, readlink, realpath, rename, symlink, rm, writeFile, copyFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { getRepoFolderName } from "@huggingface/hub";
import { fileSource, fileSystemError } from "@longspan/core/node";
import type { HubStore, RepositoryFile } from "../hub-store.ts";
import { downloadBlob } from "./download-blob.node.ts";
import { exists } from "./exists.node.ts";

/**
 * The cache of Python's `huggingface_hub` (docs, "Understand caching"): `models--owner--name/blobs/ETAG`, links to them in
 * `snapshots/COMMIT/PATH`, and in `refs/BRANCH` the branch's commit. Each reads what the other wrote.
 */
export function diskStore(cacheFolder: string, repository: string): HubStore {
  const root = join(cacheFolder, getRepoFolderName({ type: "model", name: repository }));
  const snapshot = (commit: string): string => join(root, "snapshots", commit);
  return {
    name: cacheFolder,
    async commitOf(revision) {
      const text = await readFile(join(root, "refs", ...revision.split("/")), "utf8").catch(() => undefined);
      return text?.trim();
    },
    async saveCommit(revision, commit) {
      const path = join(root, "refs", ...revision.split("/"));
      const staged = `${path}.${randomUUID()}.tmp`;
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(staged, commit);
        await rename(staged, path);
      } catch {
        // A cache that cannot be written to, or is full: the hub is asked again the next time.
        await rm(staged, { force: true }).catch(() => undefined);
      }
    },
    list: (commit) => listSnapshot(snapshot(commit)),
    async find(commit, path) {
      const file = join(snapshot(commit), ...path.split("/"));
      return (await exists(file)) ? fileSource(file) : undefined;
    },
    async download(download) {
      const { commit, file } = download;
      const pointer = join(snapshot(commit), ...file.path.split("/"));
      const blob = join(root, "blobs", file.etag);
      try {
        if (!(await exists(blob))) await downloadBlob(blob, download);
        await point(pointer, blob);
      } catch (error) {
        throw error instanceof Error && "syscall" in error ? fileSystemError(error, pointer, "written") : error;
      }
      return fileSource(pointer);
    },
  };
}

/** A relative link, as Python makes it; a copy where the system has no links (Windows without developer mode). */
async function point(pointer: string, blob: string): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  const staged = `${pointer}.${randomUUID()}.tmp`;
  try {
    await symlink(relative(dirname(pointer), blob), staged);
  } catch {
    await copyFile(blob, staged);
  }
  await rename(staged, pointer);
}

async function listSnapshot(folder: string): Promise<RepositoryFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files: RepositoryFile[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined) continue;
    const etag = entry.isSymbolicLink() ? basename(await readlink(path)) : "";
    files.push({ path: relative(folder, path).split(sep).join("/"), size: (await lstat(target)).size, etag });
  }
  return files;
}
