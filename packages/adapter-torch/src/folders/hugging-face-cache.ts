import { type FileSet, LongspanError } from "@longspan/core";
import type { FolderKind } from "@longspan/core/adapter";

/** A commit's hash in a reference's file, and a little white space. */
const maxBytes = 200;

/**
 * A repository in Hugging Face's cache (`models--owner--name`), opened at its root: the files of a commit lie in `snapshots/<commit>`, and `refs/main`
 * says which one is newest, as the cache itself reads it. Without that, the only snapshot there is.
 */
export function huggingFaceCacheFolder(): FolderKind {
  return {
    name: "hugging-face-cache",
    async find(files, fileName) {
      if (fileName !== undefined) return undefined;
      const names = (await files.listFolders?.()) ?? [];
      if (!names.includes("snapshots") || !(names.includes("refs") || names.includes("blobs"))) return undefined;
      const snapshots = await files.folder?.("snapshots");
      const commits = [...((await snapshots?.listFolders?.()) ?? [])].toSorted();
      const main = await referenceOf(files);
      const [only] = commits;
      const commit = main !== undefined && commits.includes(main) ? main : commits.length === 1 ? only : undefined;
      const folder = commit === undefined ? undefined : await snapshots?.folder?.(commit);
      if (commit === undefined || folder === undefined) throw notOne(files, commits, main);
      const why = commit === main ? "refs/main names it" : "it is the only snapshot";
      return { files: folder, warnings: [`${files.name} is a repository in Hugging Face's cache: ${folder.name} is read (${why}).`] };
    },
  };
}

async function referenceOf(files: FileSet): Promise<string | undefined> {
  const source = await (await files.folder?.("refs"))?.resolve("main");
  if (source === undefined) return undefined;
  try {
    if (source.size > maxBytes) return undefined;
    const text = new TextDecoder().decode(await source.read(0, source.size)).trim();
    return /^[\w-]+$/.test(text) ? text : undefined;
  } finally {
    await source.close();
  }
}

function notOne(files: FileSet, commits: readonly string[], main: string | undefined): LongspanError {
  if (commits.length === 0) {
    return new LongspanError(
      "not-found",
      `${files.name} is a repository in Hugging Face's cache without a snapshot: nothing of it has been downloaded.`,
      {
        details: { folder: files.name },
      },
    );
  }
  const missing = main === undefined ? "there is no refs/main" : `refs/main names ${main}, which is not there`;
  return new LongspanError(
    "ambiguous-format",
    `${files.name} is a repository in Hugging Face's cache with ${commits.length} snapshots, and ${missing}. Give one of them: ${commits
      .slice(0, 8)
      .map((commit) => `${files.name}/snapshots/${commit}`)
      .join(", ")}.`,
    { details: { folder: files.name, candidates: commits.map((commit) => `snapshots/${commit}`) } },
  );
}
