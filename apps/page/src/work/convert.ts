import { makeZip, predictLength } from "client-zip";
import type { Checkpoint } from "@longspan/core";
import type { Converted, ConvertRequest } from "../protocol/calls.ts";
import { emptyDownloads } from "../storage/kept-folders.ts";
import { converter } from "./adapters.ts";
import { directoryHandleSink, saying } from "./directory-handle-sink.ts";
import type { StepOptions } from "./models.ts";

/** Converts a checkpoint into a folder, or into the browser's private file system, from where one file (a zip of several) is downloaded. */
export async function convert(
  checkpoint: Checkpoint,
  { target, dataType, to }: ConvertRequest,
  { signal, report }: StepOptions,
): Promise<Converted> {
  const started = performance.now();
  const folder = to.kind === "folder" ? to.handle : await saying("the download", emptyDownloads);
  const sink = await directoryHandleSink(folder);
  const plan = converter.plan(checkpoint, { target, dataType: dataType as "float16" | undefined });
  await converter.convert(plan, {
    sink,
    signal,
    onProgress: ({ item, done, total }) => report({ stage: "convert", item, done, total, unit: "bytes" }),
  });
  const files = sink.files();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const download = to.kind === "folder" ? undefined : await packed(folder, `${target}-model`, files, { signal, report });
  return { files, bytes, milliseconds: performance.now() - started, ...(download === undefined ? {} : { download }) };
}

/** A single file as it is; several stored in a zip, whose parts are deleted then. */
async function packed(
  folder: FileSystemDirectoryHandle,
  name: string,
  files: Converted["files"],
  { signal, report }: StepOptions,
): Promise<Converted["download"]> {
  const [first] = files;
  if (first !== undefined && files.length === 1) return { name: first.name, file: await (await fileOf(folder, first.name)).getFile() };
  const inputs = await Promise.all(
    files.map(async (file) => ({ name: file.name, input: await (await fileOf(folder, file.name)).getFile() })),
  );
  const total = Number(predictLength(files.map((file) => ({ name: file.name, size: file.size }))));
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
    await makeZip(inputs).pipeThrough(counting).pipeTo(target, { signal });
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
