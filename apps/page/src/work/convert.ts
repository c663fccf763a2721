import { makeZip, predictLength } from "client-zip";
import { LongspanError, type Checkpoint } from "@longspan/core";
import { directoryHandleSink } from "@longspan/core/browser";
import type { Converted, ConvertRequest } from "../protocol/calls.ts";
import { emptyDownload } from "../storage/kept-folders.ts";
import { converter } from "./adapters.ts";
import type { StepOptions } from "./models.ts";
import { saying } from "./saying.ts";

/** Converts a checkpoint into a folder, or into the browser's private file system, from where one file (a zip of several) is downloaded. */
export async function convert(
  checkpoint: Checkpoint,
  { target, dataType, to }: ConvertRequest,
  { signal, report }: StepOptions,
): Promise<Converted> {
  const started = performance.now();
  const folder = to.kind === "folder" ? to.handle : await saying("the download", () => emptyDownload(to.folder));
  const sink = directoryHandleSink(folder);
  const plan = converter.plan(checkpoint, { target, dataType: dataType as "float16" | undefined });
  const written = await converter
    .convert(plan, { sink, signal, onProgress: ({ item, done, total }) => report({ stage: "convert", item, done, total, unit: "bytes" }) })
    .catch((error: unknown) => {
      throw withWayOut(error, folder.name);
    });
  const saved = await Promise.all(
    written.map(async (path): Promise<SavedFile> => {
      const name = path.slice(sink.name.length + 1);
      return { name, file: await (await fileOf(folder, name)).getFile() };
    }),
  );
  const files = saved.map(({ name, file }) => ({ name, size: file.size }));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const download = to.kind === "folder" ? undefined : await packed(folder, `${target}-model`, saved, { signal, report });
  return { files, bytes, milliseconds: performance.now() - started, ...(download === undefined ? {} : { download }) };
}

interface SavedFile {
  readonly name: string;
  readonly file: File;
}

/** On a page nobody can say `force`. */
function withWayOut(error: unknown, folder: string): unknown {
  if (!LongspanError.isInstance(error) || error.code !== "target-exists") return error;
  const { path } = error.details;
  return new LongspanError("target-exists", `${folder} has a file ${String(path)} already. Choose an empty folder.`, {
    details: error.details,
    cause: error,
  });
}

/** A single file as it is; several stored in a zip, whose parts are deleted then. */
async function packed(
  folder: FileSystemDirectoryHandle,
  name: string,
  files: readonly SavedFile[],
  { signal, report }: StepOptions,
): Promise<Converted["download"]> {
  const [first] = files;
  if (first !== undefined && files.length === 1) return first;
  const total = Number(predictLength(files.map(({ name: part, file }) => ({ name: part, size: file.size }))));
  const zip = `${name}.zip`;
  return saying(zip, async () => {
    const handle = await folder.getFileHandle(zip, { create: true });
    const target = await handle.createWritable();
    let done = 0;
    const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        done += chunk.length;
        report({ stage: "zip", item: zip, done, total, unit: "bytes" });
        controller.enqueue(chunk);
      },
    });
    await makeZip(files.map(({ name: part, file }) => ({ name: part, input: file })))
      .pipeThrough(counting)
      .pipeTo(target, { signal });
    for (const { name: part } of files) await folder.removeEntry(part.split("/")[0] ?? part, { recursive: true }).catch(() => undefined);
    return { name: zip, file: await handle.getFile() };
  });
}

async function fileOf(folder: FileSystemDirectoryHandle, path: string): Promise<FileSystemFileHandle> {
  const segments = path.split("/");
  const name = segments.pop() ?? path;
  let parent = folder;
  for (const segment of segments) parent = await parent.getDirectoryHandle(segment);
  return parent.getFileHandle(name);
}
