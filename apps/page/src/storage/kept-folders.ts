// The browser's private file system (OPFS): copies of models, and conversions on their way to a download.
//
// All tabs share it. What a tab still writes or reads, it holds by a lock (Web Locks), which the browser lets go of when the tab ends, however it
// ends; what nobody holds and nobody knows is a rest, to be deleted.

async function root(name: string): Promise<FileSystemDirectoryHandle> {
  const storage = await navigator.storage.getDirectory();
  return storage.getDirectoryHandle(name, { create: true });
}

const lockOf = (name: string): string => `longspan-folder-${name}`;

export async function keptFolder(name: string): Promise<FileSystemDirectoryHandle> {
  return (await root("models")).getDirectoryHandle(name);
}

export async function createKeptFolder(name: string): Promise<FileSystemDirectoryHandle> {
  return (await root("models")).getDirectoryHandle(name, { create: true });
}

export async function deleteKeptFolder(name: string): Promise<void> {
  await (await root("models")).removeEntry(name, { recursive: true }).catch(() => undefined);
}

/** Holds a copy's folder while `step` fills it and makes it known. Another tab that copies the same waits. */
export async function holdingKeptFolder(name: string, step: () => Promise<void>): Promise<void> {
  await navigator.locks.request(lockOf(`models/${name}`), step);
}

/** Deletes copies that were begun and never made known, because their worker or their tab ended meanwhile. */
export async function deleteUnknownFolders(isKnown: (name: string) => Promise<boolean>): Promise<void> {
  await deleteUnheld("models", isKnown);
}

/** A folder for one conversion, which no other tab touches before `release`, or before this tab ends. */
export interface HeldDownload {
  readonly folder: string;
  readonly release: () => Promise<void>;
}

export async function holdDownload(): Promise<HeldDownload> {
  for (let number = 1; ; number++) {
    const folder = `download-${number}`;
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve, reject } = Promise.withResolvers<boolean>();
    const ended = navigator.locks.request(lockOf(`downloads/${folder}`), { ifAvailable: true }, async (lock) => {
      resolve(lock !== null);
      if (lock !== null) await released;
    });
    ended.catch(reject);
    if (!(await held)) continue;
    return {
      folder,
      async release() {
        release();
        await ended;
      },
    };
  }
}

/** Deletes what earlier conversions left, of tabs that have ended or converted again. */
export async function deleteUnheldDownloads(): Promise<void> {
  await deleteUnheld("downloads", async () => false);
}

/** The folder of a conversion, empty: to be held. */
export async function emptyDownload(name: string): Promise<FileSystemDirectoryHandle> {
  const downloads = await root("downloads");
  await downloads.removeEntry(name, { recursive: true }).catch(() => undefined);
  return downloads.getDirectoryHandle(name, { create: true });
}

async function deleteUnheld(folder: "models" | "downloads", isKnown: (name: string) => Promise<boolean>): Promise<void> {
  const parent = await root(folder);
  const names: string[] = [];
  for await (const name of parent.keys()) names.push(name);
  for (const name of names) {
    await navigator.locks.request(lockOf(`${folder}/${name}`), { ifAvailable: true }, async (lock) => {
      if (lock === null || (await isKnown(name))) return;
      // A file that a reader still has open is deleted the next time.
      await parent.removeEntry(name, { recursive: true }).catch(() => undefined);
    });
  }
}
