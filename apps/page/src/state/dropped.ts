import type { ChosenFile, ModelPlace } from "../protocol/model-place.ts";

const documentNames = /\.(txt|md|markdown|text|pdf|docx|html?|xhtml|csv|log|rst)$/i;

export type Dropped =
  | { readonly kind: "document"; readonly file: File }
  | { readonly kind: "model"; readonly place: ModelPlace; readonly name: string }
  | undefined;

/** What was dropped: one file that is a document by its name, else a model's folder or files. */
export async function readDrop(transfer: DataTransfer): Promise<Dropped> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  // All are asked before the first wait: a drop's data is gone after it.
  const handles = items.map((item) => handleOf(item));
  const entries = items.map((item) => item.webkitGetAsEntry());
  // Of what is dragged out of another program there may be no more than this.
  const alone = items.map((item) => item.getAsFile());
  const [handle] = await Promise.all(handles);
  if (items.length === 1 && handle?.kind === "directory") {
    return {
      kind: "model",
      place: { kind: "folder", handle: handle as FileSystemDirectoryHandle, id: crypto.randomUUID() },
      name: handle.name,
    };
  }
  const files = (
    await Promise.all(entries.map((entry, index) => (entry === null ? Promise.resolve(chosenFile(alone[index])) : filesOf(entry, ""))))
  ).flat();
  const [first] = files;
  if (first === undefined) return undefined;
  if (files.length === 1 && documentNames.test(first.path)) return { kind: "document", file: first.file };
  return { kind: "model", place: { kind: "files", files }, name: first.path.split("/")[0] ?? first.path };
}

function chosenFile(file: File | null | undefined): readonly ChosenFile[] {
  return file === null || file === undefined ? [] : [{ path: file.name, file }];
}

function handleOf(item: DataTransferItem): Promise<FileSystemHandle | null> {
  const method: unknown = Reflect.get(item, "getAsFileSystemHandle");
  if (typeof method !== "function") return Promise.resolve(null);
  return Promise.resolve(Reflect.apply(method, item, []) as Promise<FileSystemHandle | null>).catch(() => null);
}

async function filesOf(entry: FileSystemEntry, folder: string): Promise<readonly ChosenFile[]> {
  const path = `${folder}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    children.push(...some);
  }
  return (await Promise.all(children.map((child) => filesOf(child, `${path}/`)))).flat();
}
