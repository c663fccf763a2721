import { lstat, mkdir, readdir, realpath, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import { checkText } from "../arguments/check-text.ts";
import { checkPlainPath } from "../bytes/file-name.ts";
import type { ByteSink, DirectorySink } from "../bytes/sink.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { type FileByteSink, fileByteSink } from "./file-byte-sink.ts";
import { type ProtectedSources, protectedSources } from "./file-identity.ts";
import { fileSystemError, systemCodeOf } from "./file-system-error.ts";
import { waitForFileLock } from "./file-lock.ts";
import { forgetSwap, recordSwap } from "./interrupted-swap.ts";
import { replaceFiles } from "./move-files.ts";
import type { SinkOptions } from "./sink-options.ts";
import { isUnfinished, removeOrphans, stagingPath, swapLockPath } from "./staging.ts";
import { syncDirectory } from "./sync-directory.ts";
import { checkFolder, existsError, targetStats } from "./target-folder.ts";

/** How a folder is written. */
export interface DirectorySinkOptions extends SinkOptions {
  /**
   * Only files of these names are written or superseded, into a folder that exists: without `force` none of them may exist, and what else the
   * folder holds does not matter.
   */
  readonly fileNames?: readonly string[] | undefined;
  /** Ends `commit()` with the error `aborted` when it is aborted while another run changes files of this folder; what was there stays. */
  readonly signal?: AbortSignal | undefined;
}

/** Of another run that changes files of the folder, which takes a moment: who waits longer is told for what. */
const silenceMilliseconds = 1000;

const optionNames: OptionNames<DirectorySinkOptions> = { force: true, sources: true, onNote: true, fileNames: true, signal: true };

/**
 * A folder of files, all or nothing. A new folder appears under its name at `commit()`, complete and on the disk. In an existing one that is empty, or with `force`,
 * the files written take the places of those of their names, superseded ones go, and all others stay.
 *
 * Until then everything lies in a folder called `.NAME.longspan-staging-…`, beside a new target, inside an existing one (which may be a mount of its own). Nothing is created before the
 * first `file()`.
 *
 * @throws LongspanError `target-exists`, `target-is-source`, `argument-invalid` (a file where the folder should be), `not-found` (no parent folder), `permission-denied`
 */
export async function directorySink(path: string, options: DirectorySinkOptions = {}): Promise<DirectorySink> {
  checkText(path, "The folder to write to", "model-hf");
  checkOptions(options, optionNames, "directorySink");
  const sources = await protectedSources(options.sources ?? []);
  const onNote = options.onNote ?? (() => {});
  const target = await locate(path, options, sources, onNote);
  return createSink(path, target, sources, onNote, target.exists ? replaceAlone(options.signal, onNote) : appear);
}

interface TargetFolder {
  /** Absolute; of an existing folder, with links resolved. */
  readonly folder: string;
  readonly exists: boolean;
  /** Where the staging folder goes. */
  readonly stagingParent: string;
  readonly force: boolean;
  /** See `DirectorySinkOptions`. */
  readonly fileNames: readonly string[] | undefined;
}

async function locate(
  path: string,
  { force = false, fileNames }: DirectorySinkOptions,
  sources: ProtectedSources,
  onNote: (note: string) => void,
): Promise<TargetFolder> {
  const absolute = resolve(path);
  const stats = await targetStats(path);
  if (stats === undefined) {
    if (fileNames !== undefined) await checkFolder(absolute, join(path, fileNames[0] ?? ""));
    const parent = dirname(absolute);
    await checkFolder(parent, path);
    await removeOrphans(parent, absolute, onNote);
    return { folder: absolute, exists: false, stagingParent: parent, force, fileNames };
  }
  if (!stats.isDirectory()) {
    throw new LongspanError("argument-invalid", `${path} is a file, and a folder is to be written. Name another place.`, {
      details: { path },
    });
  }
  if (fileNames === undefined) await sources.check(path);
  const folder = await realpath(absolute);
  await checkFolder(folder, path);
  await removeOrphans(folder, absolute, onNote);
  await removeOrphans(dirname(absolute), absolute, onNote);
  const names = await listNames(folder);
  const occupied = fileNames?.find((name) => names.includes(name));
  if (!force && occupied !== undefined)
    throw existsError(join(path, occupied), "exists already. Pass --force (option force) to replace it.");
  if (!force && fileNames === undefined && names.some((name) => !isUnfinished(name, absolute))) {
    throw existsError(
      path,
      "exists and is not empty. Pass --force (option force) to replace the files of the same names (all others stay).",
    );
  }
  return { folder, exists: true, stagingParent: folder, force, fileNames };
}

interface Staged {
  readonly staging: string;
  /** Where the written files lie. */
  readonly files: string;
  /** In the order they were opened. */
  readonly names: readonly string[];
  readonly superseded: readonly RegExp[];
}

type Publish = (path: string, target: TargetFolder, staged: Staged, sources: ProtectedSources) => Promise<void>;

function createSink(
  path: string,
  target: TargetFolder,
  sources: ProtectedSources,
  onNote: (note: string) => void,
  publish: Publish,
): DirectorySink {
  const staging = stagingPath(target.stagingParent, resolve(path));
  // A new folder is renamed as a whole; files for an existing one lie a level deeper, beside those they replace.
  const files = target.exists ? join(staging, "new") : staging;
  const names: string[] = [];
  const superseded: RegExp[] = [];
  let open: FileByteSink | undefined;
  let state: "new" | "writing" | "ended" = "new";

  function checkState(): void {
    if (state === "ended") throw new LongspanError("closed", `${path}: this output has been committed or aborted.`, { details: { path } });
    if (open !== undefined)
      throw new LongspanError("argument-invalid", `${path}: the file ${names.at(-1)} has not been closed.`, { details: { path } });
  }

  async function begin(): Promise<void> {
    if (state !== "new") return;
    try {
      await mkdir(staging);
      state = "writing";
      if (target.exists) await mkdir(files);
    } catch (error) {
      throw fileSystemError(error, path, "written");
    }
  }

  async function discard(): Promise<void> {
    const removing = state === "writing";
    state = "ended";
    await open?.abandon();
    open = undefined;
    if (!removing) return;
    await rm(staging, { recursive: true, force: true }).catch(() => {
      onNote(`${staging} could not be removed. Remove it by hand.`);
    });
  }

  return {
    name: path,
    async file(fileName): Promise<ByteSink> {
      checkState();
      checkPlainPath(fileName, path);
      if (names.includes(fileName))
        throw new LongspanError("argument-invalid", `${path}: ${fileName} is written twice.`, { details: { path, fileName } });
      if (target.fileNames?.includes(fileName) === false)
        throw new LongspanError(
          "argument-invalid",
          `${path}: ${fileName} is none of ${target.fileNames.join(", ")}, which are written here.`,
          {
            details: { path, fileName },
          },
        );
      if (names.includes(dirname(fileName)) || foldersOf(names).includes(fileName))
        throw new LongspanError("argument-invalid", `${path}: ${fileName} would make a file and a folder of one name.`, {
          details: { path, fileName },
        });
      await checkFolderInside(path, target.folder, fileName);
      await checkPlace(path, join(target.folder, fileName), sources);
      await begin();
      if (fileName.includes("/")) await mkdir(join(files, dirname(fileName)), { recursive: true });
      const sink = await fileByteSink(join(files, fileName), join(path, fileName));
      names.push(fileName);
      open = sink;
      return {
        write: (bytes) => sink.write(bytes),
        async close() {
          await sink.close();
          if (open === sink) open = undefined;
        },
      };
    },
    supersede(patterns) {
      superseded.push(...patterns);
    },
    async commit() {
      checkState();
      await begin();
      try {
        for (const inside of foldersOf(names)) await syncDirectory(join(files, inside));
        await syncDirectory(files);
        await publish(path, target, { staging, files, names, superseded }, sources);
      } finally {
        await discard();
      }
      return names.map((name) => join(path, name));
    },
    abort: discard,
  };
}

/** The folders inside that names lie in. */
function foldersOf(names: readonly string[]): string[] {
  return [...new Set(names.filter((name) => name.includes("/")).map((name) => dirname(name)))];
}

/** A folder inside has to be one: a link would lead the files elsewhere. */
async function checkFolderInside(path: string, folder: string, fileName: string): Promise<void> {
  if (!fileName.includes("/")) return;
  const inside = join(folder, dirname(fileName));
  const stats = await lstat(inside).catch(() => undefined);
  if (stats === undefined || stats.isDirectory()) return;
  throw new LongspanError(
    "argument-invalid",
    `${inside} is a file or a link, and ${path} is to have a folder of this name. Move it away.`,
    {
      details: { path: inside },
    },
  );
}

/** What a file may replace: nothing, or a file that is not being read. */
async function checkPlace(path: string, place: string, sources: ProtectedSources): Promise<void> {
  await sources.check(place);
  const stats = await stat(place).catch(() => undefined);
  if (stats?.isDirectory() !== true) return;
  throw new LongspanError("argument-invalid", `${place} is a folder, and ${path} is to have a file of this name. Move it away.`, {
    details: { path: place },
  });
}

async function appear(path: string, { folder }: TargetFolder, { staging }: Staged): Promise<void> {
  try {
    await rename(staging, folder);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOTEMPTY" || code === "EEXIST")
      throw existsError(path, "has come into being meanwhile. Pass --force (option force) to replace files in it.");
    throw fileSystemError(error, path, "written");
  }
  await syncDirectory(dirname(folder));
}

/** Two runs that change one folder's files at once would each take away what the other brings: one waits until the other has done. */
function replaceAlone(signal: AbortSignal | undefined, onNote: (note: string) => void): Publish {
  return async (path, target, staged, sources) => {
    const lock = swapLockPath(target.stagingParent, resolve(path));
    const from = performance.now();
    let isTold = false;
    const isWanted = async (): Promise<boolean> => {
      if (isTold || performance.now() - from < silenceMilliseconds) return true;
      onNote(`Another run is replacing files in ${path}: waiting for it to end. If there is none, remove ${lock}.`);
      return (isTold = true);
    };
    const release = await waitForFileLock(lock, { signal, isWanted });
    try {
      await replaceIn(path, target, staged, sources);
    } finally {
      await release?.();
    }
  };
}

async function replaceIn(
  path: string,
  { folder, force, fileNames }: TargetFolder,
  { staging, files, names, superseded }: Staged,
  sources: ProtectedSources,
): Promise<void> {
  const inside = foldersOf(names);
  const present = [...(await listNames(folder)), ...(await namesInside(folder, inside))];
  const outgoing = present
    .filter((name) => names.includes(name) || superseded.some((pattern) => name.search(pattern) !== -1))
    .filter((name) => fileNames?.includes(name) !== false);
  const goingFiles: string[] = [];
  for (const name of outgoing) {
    const place = join(folder, name);
    if ((await stat(place).catch(() => undefined))?.isDirectory() === true && !names.includes(name)) continue;
    await checkPlace(path, place, sources);
    goingFiles.push(name);
  }
  if (!force && goingFiles.length > 0)
    throw existsError(join(path, goingFiles[0] ?? ""), "has come into being meanwhile. Pass --force (option force) to replace it.");
  const oldFolder = join(staging, "old");
  await mkdir(oldFolder);
  for (const name of inside) {
    await mkdir(join(oldFolder, name));
    await mkdir(join(folder, name), { recursive: true });
  }
  // The largest comes last: a run that is killed between two moves leaves a folder without its weights, which nothing takes for complete.
  const sizes = new Map<string, number>();
  for (const name of names) {
    sizes.set(name, (await stat(join(files, name))).size);
  }
  const incoming = names.toSorted((left, right) => (sizes.get(left) ?? 0) - (sizes.get(right) ?? 0));
  try {
    await recordSwap(staging, { incoming, outgoing: goingFiles });
    await syncDirectory(staging);
    await replaceFiles({ folder, incoming, newFolder: files, outgoing: goingFiles, oldFolder });
  } catch (error) {
    // Only those that are empty go: the ones made here.
    for (const name of inside) await rmdir(join(folder, name)).catch(() => {});
    throw error;
  } finally {
    await forgetSwap(staging);
  }
  for (const name of inside) await syncDirectory(join(folder, name));
  await syncDirectory(folder);
}

async function namesInside(folder: string, inside: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    inside.map(async (name) => (await readdir(join(folder, name)).catch(() => [])).map((file) => `${name}/${file}`)),
  );
  return found.flat();
}

async function listNames(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw fileSystemError(error, folder, "listed");
  }
}
