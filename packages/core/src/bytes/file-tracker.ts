import { errorCodes } from "../errors/error-codes.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { ByteSource } from "./byte-source.ts";
import type { FileSet, ResolveOptions } from "./file-set.ts";
import { wrappedFileSet } from "./wrapped-file-set.ts";

/** Knows which files were read, and asks whether they are still what they were. */
export interface FileTracker {
  /** The same folder, and those inside and above it: what is opened in them counts as read. */
  track(files: FileSet): FileSet;
  /**
   * Whether all files that were read are still what they were, those that were missing still missing: what was read is then of one moment,
   * that of the last opening.
   * @throws LongspanError `source-changed`, and what `ByteSource.checkUnchanged` throws.
   */
  checkUnchanged(options?: Pick<ResolveOptions, "signal">): Promise<void>;
}

interface TrackedFolder {
  readonly files: FileSet;
  /** By file name. The first version of each counts: when its name leads to it at the end, it did so in between. */
  readonly read: Map<string, ByteSource>;
  readonly missing: Set<string>;
}

/** So many files of a server are asked about at once. */
const atOnce = 8;

/** A tracker that has seen no file yet. */
export function fileTracker(): FileTracker {
  const folders = new Map<string, TrackedFolder>();
  const folderOf = (files: FileSet): TrackedFolder => {
    const folder = folders.get(files.name) ?? { files, read: new Map(), missing: new Set() };
    folders.set(files.name, folder);
    return folder;
  };
  return {
    track: (files) =>
      wrappedFileSet(files, async (folder, fileName, options) => {
        const source = await folder.resolve(fileName, options);
        const { read, missing } = folderOf(folder);
        if (source === undefined) missing.add(fileName);
        else if (!read.has(fileName)) read.set(fileName, source);
        return source;
      }),
    async checkUnchanged(options) {
      const sources = [...folders.values()].flatMap(({ read }) => [...read.values()]);
      for (let first = 0; first < sources.length; first += atOnce)
        await Promise.all(sources.slice(first, first + atOnce).map(async (source) => source.checkUnchanged?.(options)));
      for (const folder of folders.values()) await checkMissing(folder);
    },
  };
}

/** Not where a folder cannot be listed. */
async function checkMissing({ files, missing }: TrackedFolder): Promise<void> {
  if (missing.size === 0 || files.list === undefined) return;
  const come = (await files.list()).find((fileName) => missing.has(fileName));
  if (come === undefined) return;
  throw new LongspanError(
    "source-changed",
    `${files.name} was changed while it was read: ${come} was not there at first. Start again when whoever writes there has finished.`,
    { details: { folder: files.name, file: come } },
  );
}

/**
 * What to say of a failure: bytes of two versions of a file look like a damaged one, so if the files have changed meanwhile, that is what
 * went wrong.
 */
export async function causeOf(failure: unknown, files: Pick<FileTracker, "checkUnchanged">): Promise<unknown> {
  const isOfContent = !LongspanError.isInstance(failure) || (errorCodes[failure.code] === "input" && failure.code !== "source-changed");
  if (!isOfContent) return failure;
  try {
    await files.checkUnchanged();
    return failure;
  } catch (changed) {
    if (!LongspanError.isInstance(changed) || changed.code !== "source-changed") return failure;
    return new LongspanError(changed.code, changed.message, { details: changed.details, cause: failure });
  }
}
