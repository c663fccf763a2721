/** The browser's private file system (OPFS): copies of models, and conversions on their way to a download. */
async function root(name: string): Promise<FileSystemDirectoryHandle> {
  const storage = await navigator.storage.getDirectory();
  return storage.getDirectoryHandle(name, { create: true });
}

export async function keptFolder(name: string): Promise<FileSystemDirectoryHandle> {
  return (await root("models")).getDirectoryHandle(name);
}

export async function createKeptFolder(name: string): Promise<FileSystemDirectoryHandle> {
  return (await root("models")).getDirectoryHandle(name, { create: true });
}

export async function deleteKeptFolder(name: string): Promise<void> {
  await (await root("models")).removeEntry(name, { recursive: true }).catch(() => undefined);
}

/** An empty folder for what is being converted; what an earlier conversion left is deleted. */
export async function emptyDownloads(): Promise<FileSystemDirectoryHandle> {
  const storage = await navigator.storage.getDirectory();
  await storage.removeEntry("downloads", { recursive: true }).catch(() => undefined);
  return storage.getDirectoryHandle("downloads", { create: true });
}
