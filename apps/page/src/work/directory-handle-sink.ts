import { type ByteSink, type DirectorySink, LongspanError } from "@longspan/core";

export interface HandleSink extends DirectorySink {
  /** What was written, after `commit`. */
  readonly files: () => readonly { readonly name: string; readonly size: number }[];
}

/**
 * Writes into a folder that the reader chose (File System Access) or into the browser's private file system. Files are streamed into a folder
 * of their own inside, and moved to their names when all of them are whole; on a failure nothing of them is left.
 * @throws LongspanError `target-exists` for a file that is there already; `disk-full`, `permission-denied`, `io-failed`.
 */
export async function directoryHandleSink(folder: FileSystemDirectoryHandle): Promise<HandleSink> {
  const written: { readonly path: string; readonly handle: FileSystemFileHandle; size: number }[] = [];
  const made = new Set<string>();
  const staging = ".longspan-part";

  const remove = async (): Promise<void> => {
    for (const { handle } of written.splice(0)) await removeFile(folder, handle, made);
  };

  return {
    name: folder.name,
    files: () => written.map(({ path, size }) => ({ name: path, size })),
    supersede() {},
    async file(fileName): Promise<ByteSink> {
      const segments = fileName.split("/");
      const name = segments.pop() ?? fileName;
      return saying(folder.name, async () => {
        let parent = folder;
        for (const segment of segments) {
          parent = await parent.getDirectoryHandle(segment, { create: true });
          made.add(segment);
        }
        if (await exists(parent, name)) {
          throw new LongspanError("target-exists", `${folder.name} has a file ${fileName} already. Choose an empty folder.`, {
            details: { target: fileName },
          });
        }
        const handle = await parent.getFileHandle(name + staging, { create: true });
        const entry = { path: fileName, handle, size: 0 };
        written.push(entry);
        const stream = await handle.createWritable();
        let last: Promise<void> = Promise.resolve();
        const queue = (step: () => Promise<void>): Promise<void> => (last = last.then(() => saying(fileName, step)));
        return {
          write(bytes) {
            entry.size += bytes.length;
            // A view of shared memory is refused; none of ours is.
            return queue(() => stream.write(bytes as Uint8Array<ArrayBuffer>));
          },
          close: () => queue(() => stream.close()),
        };
      });
    },
    async commit() {
      for (const { path, handle } of written) await saying(path, () => rename(handle, path.split("/").at(-1) ?? path));
      return written.map(({ path }) => `${folder.name}/${path}`);
    },
    abort: remove,
  };
}

async function exists(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  return folder.getFileHandle(name).then(
    () => true,
    () => false,
  );
}

async function rename(handle: FileSystemFileHandle, name: string): Promise<void> {
  const move: unknown = Reflect.get(handle, "move");
  if (typeof move !== "function")
    throw new LongspanError("unsupported", "This browser cannot rename the files that it wrote. Save as a download.");
  await Reflect.apply(move, handle, [name]);
}

async function removeFile(folder: FileSystemDirectoryHandle, handle: FileSystemFileHandle, made: ReadonlySet<string>): Promise<void> {
  for (const place of [folder, ...(await Promise.all([...made].map((name) => folder.getDirectoryHandle(name).catch(() => undefined))))]) {
    await place?.removeEntry(handle.name).catch(() => undefined);
  }
}

/** The browser's refusals as sentences. */
export async function saying<Result>(what: string, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "QuotaExceededError") {
      throw new LongspanError("disk-full", `There is no room for ${what}: the disk is full, or this browser's share of it.`, {
        cause: error,
      });
    }
    if (error.name === "NotAllowedError") {
      throw new LongspanError("permission-denied", `The browser may not write ${what}. Choose the folder again, and allow it.`, {
        cause: error,
      });
    }
    throw new LongspanError("io-failed", `${what} cannot be written: ${error.message}`, { cause: error });
  }
}
