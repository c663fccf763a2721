import { checkOptions } from "../arguments/check-options.ts";
import { checkSettled } from "../arguments/check-settled.ts";
import { checkPlainPath } from "../bytes/file-name.ts";
import type { ByteSink, DirectorySink } from "../bytes/sink.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { DirectoryHandle } from "./directory-handle.ts";
import { handleError } from "./handle-error.ts";

/** How a folder of the browser is written. */
export interface DirectoryHandleSinkOptions {
  /** Replace what exists. Without it, an existing file of a name that is written is an error. */
  readonly force?: boolean | undefined;
}

/** What a file is called until `commit`. */
const partial = ".longspan-partial";

interface StagedFile {
  readonly path: string;
  readonly folder: FileSystemDirectoryHandle;
  readonly fileName: string;
  readonly handle: FileSystemFileHandle;
  readonly stream: FileSystemWritableFileStream;
  closed: boolean;
}

/** Browsers that can rename have this; the others copy (https://fs.spec.whatwg.org/). */
type Movable = FileSystemFileHandle & { readonly move?: (folder: FileSystemDirectoryHandle, name: string) => Promise<void> };

/**
 * A sink that streams to disk in a browser: into the page's own storage (`await navigator.storage.getDirectory()`, OPFS) or into a folder that the
 * user chose (`await showDirectoryPicker({ mode: "readwrite" })`). What is written is never held in memory. Files lie under names that end in
 * `.longspan-partial` until all are there; what a killed page leaves is called so.
 * @throws LongspanError `feature-missing` where the browser cannot write files so; while writing `target-exists`, `permission-denied`, `disk-full`, `io-failed`.
 */
export function directoryHandleSink(folder: DirectoryHandle, options: DirectoryHandleSinkOptions = {}): DirectorySink {
  checkSettled(folder, "The folder to write to", "directoryHandleSink(await navigator.storage.getDirectory())");
  checkOptions(options, { force: true }, "directoryHandleSink");
  const name = folder.name === "" ? "the page's storage" : folder.name;
  const staged: StagedFile[] = [];
  const superseded: RegExp[] = [];
  let ended = false;
  const guarded = async <Result>(path: string, work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw handleError(error, `${name}/${path}`, "written");
    }
  };

  async function discard(): Promise<void> {
    ended = true;
    for (const { folder: inside, handle, stream, closed } of staged.splice(0)) {
      if (!closed) await stream.abort().catch(() => {});
      await inside.removeEntry(handle.name).catch(() => {});
    }
  }

  return {
    name,
    async file(path) {
      if (ended) throw new LongspanError("closed", `${name} has been committed or aborted; it takes no more files.`);
      checkPlainPath(path, name);
      const open = staged.find(({ closed }) => !closed);
      if (open !== undefined) throw new LongspanError("argument-invalid", `${name}: the file ${open.path} has not been closed.`);
      return guarded(path, async () => {
        const [fileName = "", inside] = path.split("/").toReversed();
        const place = inside === undefined ? folder : await folder.getDirectoryHandle(inside, { create: true });
        if (options.force !== true && (await hasFile(place, fileName)))
          throw new LongspanError("target-exists", `${name}/${path} exists already. Say force: true to replace it.`, { details: { path } });
        const handle = await place.getFileHandle(fileName + partial, { create: true });
        if (typeof handle.createWritable !== "function")
          throw new LongspanError(
            "feature-missing",
            "This browser cannot write files from a page (FileSystemFileHandle.createWritable). Use memoryDirectorySink() and offer its files as downloads.",
          );
        const file: StagedFile = { path, folder: place, fileName, handle, stream: await handle.createWritable(), closed: false };
        staged.push(file);
        return byteSink(file, guarded);
      });
    },
    supersede(patterns) {
      superseded.push(...patterns);
    },
    async commit() {
      ended = true;
      for (const file of staged) await guarded(file.path, () => publish(file));
      const written = new Set(staged.map(({ path }) => path));
      for (const path of options.force === true ? await filesOf(folder) : [])
        if (!written.has(path) && superseded.some((pattern) => pattern.test(path))) await guarded(path, () => remove(folder, path));
      return staged.splice(0).map(({ path }) => `${name}/${path}`);
    },
    abort: discard,
  };
}

function byteSink(file: StagedFile, guarded: <Result>(path: string, work: () => Promise<Result>) => Promise<Result>): ByteSink {
  let writes: Promise<unknown> = Promise.resolve();
  return {
    write(bytes) {
      // The type also knows memory that threads share, of which nothing here is made.
      const written = guarded(file.path, () => file.stream.write(bytes as Uint8Array<ArrayBuffer>));
      writes = Promise.all([writes, written]);
      writes.catch(() => {});
      return written;
    },
    async close() {
      await writes;
      await guarded(file.path, () => file.stream.close());
      file.closed = true;
    },
  };
}

async function publish({ folder, fileName, handle }: StagedFile): Promise<void> {
  const movable: Movable = handle;
  if (movable.move !== undefined) {
    await movable.move(folder, fileName);
    return;
  }
  const [source, target] = [await handle.getFile(), await folder.getFileHandle(fileName, { create: true })];
  await source.stream().pipeTo(await target.createWritable());
  await folder.removeEntry(handle.name);
}

async function hasFile(folder: FileSystemDirectoryHandle, fileName: string): Promise<boolean> {
  try {
    await folder.getFileHandle(fileName);
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotFoundError") return false;
    throw error;
  }
}

/** The files of a folder, and of those one level below. */
async function filesOf(folder: FileSystemDirectoryHandle): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === "file") paths.push(name);
    else for await (const [inside, below] of handle.entries()) if (below.kind === "file") paths.push(`${name}/${inside}`);
  }
  return paths;
}

async function remove(folder: FileSystemDirectoryHandle, path: string): Promise<void> {
  const [fileName = "", inside] = path.split("/").toReversed();
  await (inside === undefined ? folder : await folder.getDirectoryHandle(inside)).removeEntry(fileName);
}
